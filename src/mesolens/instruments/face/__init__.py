"""The face: who answers, and from which angles it becomes somebody else, or nobody.

`plan` cuts angles into shards, `measure` lets the model reply and hears each reply under every voice, `follow` asks for
weaker doses of what broke the face and searches for the worst natural angle, and `read` says what was found.
"""

from mesolens.instruments.face.follow import follow
from mesolens.instruments.face.measure import measure
from mesolens.instruments.face.plan import NAME, cost, plan
from mesolens.instruments.face.read import read
from mesolens.instruments.face.setting import face_spec
from mesolens.instruments.face.spec import FaceSpec

__all__ = ["NAME", "FaceSpec", "cost", "face_spec", "follow", "measure", "plan", "read"]
