"""Code of WebAssembly that was compiled without optimisation, made faster: it still computes the same."""

from __future__ import annotations

import itertools

import pytest

wasmtime = pytest.importorskip("wasmtime", reason="wasmtime is not installed")

from aggregator.analyzers.googlesql import webassembly  # noqa: E402
from aggregator.analyzers.googlesql.module import engine  # noqa: E402
from aggregator.analyzers.googlesql.webassembly.assertions import without_assertions  # noqa: E402
from aggregator.analyzers.googlesql.webassembly.binary import Binary, encoded, signed, unsigned  # noqa: E402
from aggregator.analyzers.googlesql.webassembly.inlining import call_of  # noqa: E402
from aggregator.analyzers.googlesql.webassembly.order import in_order  # noqa: E402

FRAME = "(local.set $f (i32.sub (global.get 0) (i32.const 16))) (global.set 0 (local.get $f))"
GIVEN_BACK = "(global.set 0 (i32.add (local.get $f) (i32.const 16)))"
HEAD = """
(memory 1) (global $stack (mut i32) (i32.const 4096))
(func $same (param $x i32) (result i32) (local $f i32)
  (local.set $f (i32.sub (global.get 0) (i32.const 16)))
  (i32.store offset=12 (local.get $f) (local.get $x)) (i32.load offset=12 (local.get $f)))
(func $bump (param $at i32) (block (br_table 0 (i32.const 0)))
  (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 5))))
(func $plus (param $x i32) (result i32) (i32.add (local.get $x) (i32.const 4)))
(func $early (param $x i32) (result i32) (local $n i32)
  (if (i32.gt_s (local.get $x) (i32.const 0)) (then (return (i32.add (local.get $x) (local.get $n)))))
  (local.set $n (i32.const 7)) (block (br_if 1 (local.get $n) (i32.eqz (local.get $x))) (drop)) (i32.const -9))
(func $minus (param $a i32) (param $b i32) (result i32) (i32.sub (local.get $a) (local.get $b)))
(func $backwards (param $a i32) (param $b i32) (result i32) (i32.sub (local.get $b) (local.get $a)))
"""

LEFT_ALONE = {
    "the address is handed to a function": "(call $bump (local.get $f))",
    "the address is stored": "(i32.store (i32.const 8) (local.get $f))",
    "the address is part of a sum": "(i32.store (i32.const 8) (i32.mul (local.get $f) (i32.const 2)))",
    "the place is computed": """(i32.store
      (i32.add (local.get $f) (i32.and (local.get $b) (i32.const 4))) (i32.const 9))""",
    "the address is compared": "(i32.store (i32.const 8) (i32.eq (local.get $f) (local.get $a)))",
    "a place is used in two widths": "(i32.store8 (local.get $f) (i32.const 200))",
    "two places overlap": "(i32.store offset=2 (local.get $f) (i32.const 7))",
    "a place outside the frame": "(i32.store offset=16 (local.get $f) (i32.const 7))",
    "a part of a long number": "(i64.store32 offset=8 (local.get $f) (i64.const 7))",
    "all of memory": "(memory.fill (local.get $f) (i32.const 1) (i32.const 4))",
    "an address or a number, behind a branch": """
      (block (br_if 0 (local.get $b)) (local.set $f (local.get $a)))
      (i32.store (i32.const 8) (local.get $f)) (local.set $f (i32.sub (global.get 0) (i32.const 0)))""",
    "one address or another, in a loop": """
      (loop (local.set $f (i32.add (local.get $f) (i32.const 4)))
        (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 2))))""",
}

MOVED = {
    "numbers": "",
    "the address is handed to a short function": "(i32.store (call $plus (local.get $f)) (i32.const 9))",
    "a byte": """(i32.store8 offset=8 (local.get $f) (i32.add (local.get $a) (i32.const 250)))
      (i32.store (i32.const 8)
        (i32.sub (i32.load8_s offset=8 (local.get $f)) (i32.load8_u offset=8 (local.get $f))))""",
    "two bytes": """(i32.store16 offset=8 (local.get $f) (i32.sub (local.get $a) (i32.const 40000)))
      (i32.store (i32.const 8) (i32.load16_s offset=8 (local.get $f)))""",
    "a long number": """(i64.store offset=8 (local.get $f) (i64.extend_i32_s (local.get $b)))
      (i64.store (i32.const 8) (i64.mul (i64.load offset=8 (local.get $f)) (i64.const 99999999999)))""",
    "a fraction": """(f64.store offset=8 (local.get $f) (f64.convert_i32_s (local.get $b)))
      (f64.store (i32.const 8) (f64.sqrt (f64.abs (f64.load offset=8 (local.get $f)))))""",
    "a loop": """(loop (i32.store offset=4 (local.get $f) (i32.add (i32.load offset=4 (local.get $f)) (i32.const 3)))
        (br_if 0 (i32.lt_s (i32.load offset=4 (local.get $f)) (i32.const 20))))""",
    "a branch": """(if (local.get $b) (then (i32.store offset=4 (local.get $f) (i32.const 1)))
        (else (i32.store (local.get $f) (i32.const 2))))""",
    "a way out": """(block (br_if 0 (local.get $b)) (i32.store offset=4 (local.get $f) (i32.const 1)) (br 0))""",
    "a table of branches": """(block (block (block (br_table 0 1 2 (local.get $b)))
        (i32.store (local.get $f) (i32.const 1))) (i32.store offset=4 (local.get $f) (i32.const 2)))""",
    "another local for the address": """(local.set $n (i32.add (local.get $f) (i32.const 4)))
      (i32.store (local.get $n) (i32.const 77)) (i32.store offset=4 (local.get $n) (i32.const 78))""",
    "the local used again behind it": """(block (local.set $n (i32.add (local.get $f) (i32.const 4)))
        (i32.store (local.get $n) (i32.const 77)))
      (local.set $n (i32.const 5)) (i32.store (i32.const 8) (local.get $n))""",
    "a call of another function": "(i32.store (local.get $f) (call $minus (i32.load (local.get $f)) (i32.const 2)))",
    "calls in calls": """(i32.store (local.get $f)
        (call $backwards (call $same (call $backwards (local.get $b) (local.get $a))) (call $same (i32.const 8))))""",
    "a function that is left early": """(loop
      (i32.store offset=4 (local.get $f) (i32.add (call $early (local.get $a)) (call $early (local.get $b))))
      (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3))))""",
    "the address through a function that gives it back": "(i32.store (call $same (local.get $f)) (i32.const 66))",
}


def _module(body: str) -> bytes:
    """A function of two numbers in a frame of 16 bytes, whose value says what is in it."""
    return bytes(
        wasmtime.wat2wasm(f"""(module {HEAD}
        (func (export "run") (param $a i32) (param $b i32) (result i32) (local $f i32) (local $n i32)
          {FRAME}
          (i32.store (local.get $f) (local.get $a)) (i32.store offset=4 (local.get $f) (local.get $b))
          {body}
          (i32.add (i32.mul (i32.load (local.get $f)) (i32.const 31)) (i32.load offset=4 (local.get $f)))
          {GIVEN_BACK})
        (export "memory" (memory 0)) (export "stack" (global $stack)))""")
    )


def _computed(module: bytes, a: int, b: int) -> tuple[object, ...]:
    """The result, what was written to the begin of memory, and where the stack is left."""
    store = wasmtime.Store()
    exports = wasmtime.Instance(store, wasmtime.Module(store.engine, module), []).exports(store)
    result = exports["run"](store, a, b)
    return result, bytes(exports["memory"].read(store, 0, 16)), exports["stack"].value(store)


def optimised(module: bytes) -> bytes:
    """With all its functions in use."""
    binary = Binary(module)
    return webassembly.optimised(module, range(binary.first, binary.first + len(binary.bodies)))


def _has_frame(module: bytes) -> bool:
    binary = Binary(module)
    return b"\x23\x00" in binary.function(len(binary.bodies) - 1).code


@pytest.mark.parametrize("what", LEFT_ALONE)
def test_a_frame_that_somebody_may_look_into_stays(what: str):
    module = _module(LEFT_ALONE[what])

    assert _has_frame(optimised(module))
    for a, b in itertools.product((0, 1, -7), (0, 1, 3)):
        assert _computed(optimised(module), a, b) == _computed(module, a, b)


@pytest.mark.parametrize("what", MOVED)
def test_a_frame_of_which_nobody_knows_is_gone(what: str):
    module = _module(MOVED[what])

    assert not _has_frame(optimised(module))
    for a, b in itertools.product((0, 1, -7, 2**31 - 1), (0, 1, 2, 3, -1)):
        assert _computed(optimised(module), a, b) == _computed(module, a, b)


def test_short_functions_are_put_where_they_are_called():
    found = Binary(optimised(_module(MOVED["calls in calls"])))

    assert not [each for each in found.function(len(found.bodies) - 1).code if each[0] == 0x10]


ATOMIC = {
    "a sum": "(i32.atomic.rmw.add (i32.const 8) (local.get $b))",
    "a difference": "(i32.atomic.rmw.sub (i32.const 8) (local.get $b))",
    "bits": "(i32.atomic.rmw.or (i32.const 8) (local.get $b))",
    "another value": "(i32.atomic.rmw.xchg (i32.const 8) (local.get $b))",
    "another byte": "(i32.atomic.rmw8.xchg_u (i32.const 8) (local.get $b))",
    "what is expected": "(i32.atomic.rmw.cmpxchg (i32.const 8) (i32.const 300) (local.get $b))",
    "what is not expected": "(i32.atomic.rmw.cmpxchg (i32.const 8) (i32.const 44) (local.get $b))",
    "an expected byte": "(i32.atomic.rmw8.cmpxchg_u (i32.const 8) (i32.const 44) (local.get $b))",
    "a byte of what is expected": "(i32.atomic.rmw8.cmpxchg_u (i32.const 8) (i32.const 300) (local.get $b))",
    "long numbers": """(i32.wrap_i64 (i64.add (i64.atomic.rmw.add (i32.const 8) (i64.const -5)) (i64.add
      (i64.atomic.rmw.sub (i32.const 8) (i64.const 9))
      (i64.atomic.rmw.cmpxchg (i32.const 8) (i64.const 286) (i64.const 99)))))""",
    "loads and stores": """(i32.atomic.store (i32.const 8) (local.get $b))
      (i32.atomic.store8 (i32.const 9) (i32.const 3)) (atomic.fence)
      (i32.add (i32.atomic.load (i32.const 8)) (i32.atomic.load8_u (i32.const 9)))""",
}


@pytest.mark.parametrize("what", ATOMIC)
def test_what_minds_threads_is_done_plainly(what: str):
    start = "(i64.store (i32.const 8) (i64.const 300))"
    module = _module(f"{start} (i32.store (i32.const 0) {_last(ATOMIC[what])})")
    faster = optimised(module)

    assert not [each for each in Binary(faster).function(len(Binary(faster).bodies) - 1).code if each[0] == 0xFE]
    for b in (0, 1, 77, 300, -1):
        assert _computed(faster, 5, b) == _computed(module, 5, b)


def _last(instructions: str) -> str:
    """Instructions as one that gives the value of the last."""
    return f"(block (result i32) {instructions})"


def test_memory_belongs_to_one_thread():
    module = bytes(wasmtime.wat2wasm('(module (memory (export "memory") 1 2 shared) (func (export "f")))'))
    store = wasmtime.Store(engine())

    def memory_of(content: bytes) -> object:
        return wasmtime.Instance(store, wasmtime.Module(store.engine, content), []).exports(store)["memory"]

    assert isinstance(memory_of(module), wasmtime.SharedMemory)
    assert isinstance(memory_of(optimised(module)), wasmtime.Memory)


FAILS = "i32.const 9) (i32.const 8) (i32.const 7) (i32.const 6"


@pytest.mark.parametrize(
    ("then", "is_left_out"),
    [
        pytest.param(f"(call 0 ({FAILS})) (unreachable)", True, id="an assertion"),
        pytest.param(f"(call 1 ({FAILS})) (unreachable)", False, id="another function"),
        pytest.param(f"(call 0 ({FAILS}))", False, id="it goes on"),
        pytest.param(f"(call 0 ({FAILS.replace('i32.const 8', 'local.get 0')})) (unreachable)", False, id="a value"),
    ],
)
def test_assertions_are_left_out(then: str, is_left_out: bool):
    text = f"""(module (func (param i32 i32 i32 i32)) (func (param i32 i32 i32 i32))
        (func (param i32) (result i32) (if (i32.eqz (local.get 0)) (then {then})) (i32.const 3)))"""
    binary = Binary(bytes(wasmtime.wat2wasm(text)))
    code = binary.function(2).code

    assert (call_of(0) in without_assertions(code, 0)) == (not is_left_out and "call 0" in then)
    assert (len(without_assertions(code, 0)) < len(code)) == is_left_out


@pytest.mark.parametrize("first", list(itertools.permutations((1, 2, 3), 2)))
def test_functions_in_another_order_do_the_same(first: tuple[int, ...]):
    module = bytes(
        wasmtime.wat2wasm("""(module (import "a" "b" (func $host (result i32))) (memory 1) (type $t (func (result i32)))
        (table 3 funcref) (elem (i32.const 0) $host $one $two) (start $begin)
        (func $one (result i32) (i32.const 1))
        (func $two (result i32) (i32.add (call $one) (i32.const 1)))
        (func $begin (i32.store (i32.const 8) (i32.const 40)))
        (func (export "run") (result i32) (i32.add (i32.load (i32.const 8))
          (i32.add (call_indirect (type $t) (i32.const 0))
          (i32.mul (i32.const 9) (call_indirect (type $t) (i32.const 2)))))))""")
    )

    def computed(content: bytes) -> object:
        store = wasmtime.Store()
        host = wasmtime.Func(store, wasmtime.FuncType([], [wasmtime.ValType.i32()]), lambda: 100)
        exports = wasmtime.Instance(store, wasmtime.Module(store.engine, content), [host]).exports(store)
        return exports["run"](store)

    assert computed(module) == 158
    assert computed(in_order(module, first)) == 158
    assert len(Binary(in_order(module, first)).bodies[0]) == len(Binary(module).bodies[first[0] - 1])


def test_all_else_is_as_it_was():
    module = bytes(
        wasmtime.wat2wasm("""(module (import "a" "b" (func $f (param i32 i64) (result f64))) (memory 1)
        (table 2 funcref) (elem (i32.const 0) $f $g) (data (i32.const 8) "text") (global i64 (i64.const -5))
        (func $g (param i32 i64) (result f64) (local f32 f32 i64) (f64.const 1.5)) (export "g" (func $g)))""")
    )
    binary = Binary(module)

    assert binary.written() == module
    assert [encoded(binary.function(index)) for index in range(len(binary.bodies))] == binary.bodies


@pytest.mark.parametrize("value", [0, 1, 63, 64, 127, 128, 300, 2**31 - 1])
def test_numbers_of_any_length(value: int):
    code = bytes(wasmtime.wat2wasm(f"(module (func (result i64) (i64.const {-value})))"))
    (body,) = Binary(code).bodies

    assert signed(body[2:-1]) == -value
    assert len(unsigned(value)) == max(1, -(-value.bit_length() // 7))
