"""Contrasts: pairs of prompts between which a readout differs, as JSON Lines, one item a line.

`clean` and `reference` are each a string, a list of chat messages, or token ids (`clean_ids`, `reference_ids`);
`target` and `foil` are strings or ids (`target_ids`, `foil_ids`). The readout is log p(target) − log p(foil) after the
prompt, in nats; without a foil it is log p(target). `template` names the cluster for the bootstrap and `id` the item.
`reference` may be absent when the reference is another model. Keys that are not named here are ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass

Messages = tuple[Mapping[str, str], ...]
Ids = tuple[int, ...]
Prompt = str | Messages | Ids
Continuation = str | Ids


@dataclass(frozen=True, slots=True)
class Contrast:
    """One item: two prompts and the continuations between which they decide.

    Attributes:
        clean: the prompt whose readout is explained.
        reference: what it is compared with; None when another model is the reference.
        target, foil: text or ids after the prompt; no foil means that the readout is log p(target) alone.
        template: the cluster to which the item belongs; "" makes it a cluster of its own.
        id: a name for people.
    """

    clean: Prompt
    reference: Prompt | None
    target: Continuation
    foil: Continuation | None = None
    template: str = ""
    id: str = ""
