"""What the user called a model, as a folder on this machine.

A reference is, in this order: `slide:NAME`, an embedded slide; an existing folder; or `org/name`, optionally with
`@revision`, on the Hugging Face hub. From the hub only weights as safetensors, JSON and tokenizer files are fetched,
and the commit that a revision meant is kept, so that a result says exactly which model it is about.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from mesolens.errors import BadInput, Unsafe
from mesolens.hostile import printable

SLIDE = "slide:"
SAFE_FILES = ("*.safetensors", "*.json", "*.model", "*.txt", "*.jinja")
"""What is fetched from the hub: never pickles, never code."""

_HUB = re.compile(r"(?P<repo>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[\w./-]+))?")


@dataclass(frozen=True, slots=True)
class Source:
    """A model's folder.

    Attributes:
        name: what to call the model in reports: `slide:mask`, the folder as given, or `org/name@commit`.
        repo, commit: where on the hub it is from; None for a local folder or a slide.
    """

    folder: Path
    name: str
    repo: str | None = None
    commit: str | None = None


def resolve(ref: str | Path) -> Source:
    """The folder that `ref` means; a hub model is fetched, or found in the hub's cache, first.

    Raises:
        BadInput: no slide, folder or hub model has that name, or the hub cannot be reached.
        Unsafe: the hub has the weights only as pickles.
    """
    text = str(ref)
    if text.startswith(SLIDE):
        return _slide(text.removeprefix(SLIDE))
    folder = Path(text).expanduser()
    if folder.is_dir():
        return Source(folder, text)
    if folder.exists():
        raise BadInput(f"{printable(text)} is a file; give the folder that holds the model's config.json and weights")
    found = _HUB.fullmatch(text) if isinstance(ref, str) else None
    if found is None or found["repo"].split("/")[0] in (".", ".."):
        raise BadInput(f"no folder {printable(text)!r}; give a folder, org/name@revision on the hub, or slide:NAME")
    return _from_hub(found["repo"], found["revision"])


def _slide(name: str) -> Source:
    shelf = Path(str(files("mesolens") / "slides" / "shelf"))
    names = sorted(path.parent.name for path in shelf.glob("*/config.json"))
    if name in names:
        return Source(shelf / name, SLIDE + name)
    close = get_close_matches(name, names, n=3, cutoff=0.5) or names
    raise BadInput(
        f"no slide is called {printable(name, 80)!r}; there are: {', '.join(close) or 'none in this install'}"
    )


def _from_hub(repo: str, revision: str | None) -> Source:
    from huggingface_hub import snapshot_download

    def fetch() -> str:
        return snapshot_download(repo, revision=revision, allow_patterns=list(SAFE_FILES), ignore_patterns=["*/*"])

    folder = Path(_asked(fetch, repo, revision))
    if not any(folder.glob("*.safetensors")):
        _refuse_pickles(repo, folder.name)
    return Source(folder, f"{repo}@{folder.name}", repo, folder.name)


def _asked(fetch: Callable[[], str], repo: str, revision: str | None) -> str:
    from huggingface_hub import errors

    called = f"{repo}@{revision}" if revision else repo
    try:
        return fetch()
    except (errors.GatedRepoError, errors.RepositoryNotFoundError):
        reason = "is not on the hub, or needs `hf auth login` first"
    except errors.RevisionNotFoundError:
        reason = "has no such revision on the hub"
    except (OSError, ValueError, errors.HfHubHTTPError) as problem:
        reason = (
            f"is no folder here, and the hub cannot be reached ({type(problem).__name__}); fetch it where there is a "
        )
        reason += f"network with `hf download {repo} --local-dir DIR`, and give DIR"
    raise BadInput(f"{printable(called)} {reason}") from None


def _refuse_pickles(repo: str, commit: str) -> None:
    from huggingface_hub import HfApi

    from mesolens.model.weights import PICKLES, pickles_refused

    try:
        names = HfApi().list_repo_files(repo, revision=commit)
    except (OSError, ValueError):
        return  # without the hub's list, loading will say that the folder holds no weights
    for name in sorted(names):
        if name.endswith(PICKLES) and "/" not in name:
            raise Unsafe(pickles_refused(repo, name))
