"""The line where one types: a filter, something to find, a reference to go to. It lies over the footer while it is open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class PromptInput(Input):
    """An input of one line whose arrows up and down leave it for the list."""

    BINDINGS: ClassVar[list[Binding]] = [  # type: ignore[assignment]
        Binding("escape", "cancel", show=False),
        Binding("up,down,pageup,pagedown,tab", "leave", show=False),
    ]

    def action_cancel(self) -> None:
        prompt = self.query_ancestor(Prompt)
        prompt.post_message(Prompt.Cancelled(prompt.purpose))
        prompt.close()

    def action_leave(self) -> None:
        prompt = self.query_ancestor(Prompt)
        if prompt.purpose != "go":
            prompt.close()


class Prompt(Horizontal):
    """A label and an input; `purpose` says what is being asked (`filter`, `find`, `go`)."""

    @dataclass
    class Changed(Message):
        """What is typed so far."""

        purpose: str
        value: str

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

        purpose: str
        value: str

    @dataclass
    class Cancelled(Message):
        """Escape was pressed: what was typed means nothing any more."""

        purpose: str

    @dataclass
    class Closed(Message):
        """The prompt is gone, in whatever way."""

        purpose: str

    def __init__(self) -> None:
        super().__init__(id="prompt")
        self.purpose = ""
        self.display = False
        self.label = Label("/", id="prompt-label", markup=False)
        self.box = PromptInput(id="prompt-input", compact=True, select_on_focus=False)

    def compose(self) -> ComposeResult:
        yield self.label
        yield self.box

    @property
    def is_open(self) -> bool:
        return self.display

    def open(self, purpose: str, label: str, value: str = "", placeholder: str = "") -> None:
        """Ask; the answer comes as messages."""
        self.purpose = purpose
        self.label.update(label)
        box = self.box
        with box.prevent(Input.Changed):
            box.value = value
        box.placeholder = placeholder
        box.cursor_position = len(value)
        self.display = True
        box.focus()

    def close(self) -> None:
        """Put the prompt away."""
        if self.display:
            self.display = False
            self.post_message(self.Closed(self.purpose))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.display:
            self.post_message(self.Changed(self.purpose, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(self.purpose, event.value))
        self.close()
