"""Node attribution with other libraries, each in its own idiom, for the same heads and neurons as the middle.

All three take `steps` gradient steps from the reference to the clean prompt. None gates components, so the path differs
from ours: TransformerLens and nnsight move the embedding (as EAP-IG does), captum the inputs of the asked layers.
"""
