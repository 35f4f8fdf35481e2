"""The face: who answers, and from which angle it becomes somebody else or nobody."""
