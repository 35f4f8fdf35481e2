"""All angles that come with Mesolens, by name, in the order of their families.

The family `learned` has none here: its angles are compositions that a search found on somebody's model, and come from
files (see :mod:`mesolens.angles.declared`).
"""

from collections.abc import Mapping
from types import MappingProxyType

from mesolens.angles.angle import Angle
from mesolens.angles.context import CONTEXT
from mesolens.angles.control import CONTROL
from mesolens.angles.encoding import ENCODING
from mesolens.angles.frame import FRAME
from mesolens.angles.language import LANGUAGE
from mesolens.angles.order import ORDER
from mesolens.angles.role import ROLE
from mesolens.angles.surface import SURFACE

ALL = (*SURFACE, *ENCODING, *ORDER, *LANGUAGE, *FRAME, *ROLE, *CONTEXT, *CONTROL)
CATALOG: Mapping[str, Angle] = MappingProxyType({angle.name: angle for angle in ALL})
