"""What config.yaml may say of single mentions that are told: allegations, and the user's own rules."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from candidly.configtypes import Model, Name

Urgency = Literal["page", "warning", "notice"]
Allegations = Literal["page", "warning", "notice", "off"]
RulePhrases = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=2_000)], ...], Field(max_length=200)
]


class NamedRule(Model):
    """Words to be told of; phrases are written as in `analysis/data/themes.yaml`."""

    name: Name = Field(description="Your name for the rule.")
    phrases: RulePhrases = Field((), description="Phrases to tell of, unless a negation stands before.")
    any: RulePhrases = Field((), description="Phrases to tell of whatever stands before.")
    exceptions: RulePhrases = Field(
        (), alias="except", description="Phrases that look like it but mean something else."
    )
    severity: Urgency = Field("notice", description="How urgent it is: page, warning or notice.")
    min: int = Field(1, ge=1, le=10_000, description="How many mentions within 7 days it takes.")

    @model_validator(mode="after")
    def _says_something(self) -> NamedRule:
        if not (self.phrases or self.any):
            raise ValueError("needs phrases under `phrases` or `any`")
        return self
