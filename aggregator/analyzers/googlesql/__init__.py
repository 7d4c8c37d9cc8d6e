"""The layer ``googlesql``: Google's own analyzer, offline, from the wheel ``zetasql``.

The wheel holds the analyzer as a WebAssembly module. ``module`` compiles it once per machine, ``client`` speaks to an
instance of it, ``worker`` is a process that holds one, and ``analyzer`` hands statements to such processes.
"""
