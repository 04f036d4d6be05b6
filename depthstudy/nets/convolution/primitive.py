"""The convolution and its two transposes as JAX primitives, closed under differentiation.

``output(x, w)`` is linear in the images and in the kernel. So are its transposes, and theirs are
again among the three: the family is closed under differentiation of any order, forward or reverse.

Three methods need that: oneDNN's convolution, a foreign call; the depthwise one as shifted sums,
whose derivatives JAX would write in a slow form; and, on a GPU, that of nets trained together. JAX
maps a kernel's gradient over nets in a form that cuDNN gets as a convolution by a kernel of the
images' size, and the step of eight ResNet-20 takes three times as long. Here each of the three is a
convolution with groups, in a form that cuDNN need not cut into its groups.

Arrays have a leading axis of independent convolutions, into which ``jax.vmap`` folds its own:
images ``x[S, B, H, W, C]``, kernels ``w[S, k, l, C/groups, F]`` and outputs ``y[S, B, h, w, F]``.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Float

from depthstudy.nets.convolution import shift_and_add as shifted_sums
from depthstudy.nets.convolution.geometry import Convolution, Geometry
from depthstudy.nets.convolution.grouped_cudnn import fast_with_groups
from depthstudy.nets.convolution.methods import xla

TARGET = "depthstudy_convolution"  # the library's function, by XLA's name for it

Kind = Literal["output", "images", "kernel"]
Method = Literal["native", "grouped", "shift_and_add"]

_NUMBERS: dict[Kind, int] = {"output": 0, "images": 1, "kernel": 2}  # as in convolution.cc


def native_convolution(
    x: Float[Array, "B H W C"], w: Float[Array, "k l c F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution by oneDNN, on a CPU; images are float32 and it must be available."""
    return _convolve(x, w, geometry, "native")


def grouped(
    x: Float[Array, "B H W C"], w: Float[Array, "k l c F"], geometry: Geometry
) -> Float[Array, "B h w F"]:
    """Returns the convolution by XLA, which mapped over nets has as many times the groups."""
    return _convolve(x, w, geometry, "grouped")


def shift_and_add(
    x: Float[Array, "B H W C"], w: Float[Array, "k l 1 C"], geometry: Geometry
) -> Float[Array, "B h w C"]:
    """Returns the convolution of each channel by itself, as a sum of shifted products."""
    return _convolve(x, w, geometry, "shift_and_add")


def _convolve(x: Array, w: Array, geometry: Geometry, method: Method) -> Array:
    operands = (lax.expand_dims(a, (0,)) for a in (x, w))
    return lax.squeeze(_output.bind(*operands, geometry=geometry, method=method), (0,))


def _shape(kind: Kind, a: Any, b: Any, geometry: Geometry) -> tuple[int, ...]:
    """Returns the shape of what a primitive makes of its operands."""
    match kind:
        case "output":
            return (*a.shape[:2], *geometry.output_size, b.shape[-1])
        case "images":
            return (*a.shape[:2], *geometry.image_size, b.shape[-2] * geometry.groups)
    return (a.shape[0], *geometry.kernel_size, a.shape[-1] // geometry.groups, b.shape[-1])


def _native(kind: Kind, geometry: Geometry, a: Array, b: Array) -> Array:
    result = jax.ShapeDtypeStruct(_shape(kind, a, b, geometry), a.dtype)
    before, behind = zip(*geometry.padding, strict=True)
    return jax.ffi.ffi_call(TARGET, result)(
        a,
        b,
        kind=np.int64(_NUMBERS[kind]),
        groups=np.int64(geometry.groups),
        stride=np.array(geometry.stride),
        dilation=np.array(geometry.dilation),
        before=np.array(before),
        behind=np.array(behind),
    )


def _alone(kind: Kind, geometry: Geometry, a: Array, b: Array, form: Convolution = xla) -> Array:
    """Returns the same for operands without the leading axis, by XLA."""
    shape = _shape(kind, a[None], b[None], geometry)[1:]
    result = jax.ShapeDtypeStruct(shape, a.dtype)
    match kind:
        case "output":
            return form(a, b, geometry)
        case "images":
            return jax.linear_transpose(lambda x: form(x, b, geometry), result)(a)[0]
    return jax.linear_transpose(lambda w: form(a, w, geometry), result)(b)[0]


def one_by_one(kind: Kind, geometry: Geometry, a: Array, b: Array) -> Array:
    """Returns the same as ``_native``, by a convolution of XLA for each."""
    each = [_alone(kind, geometry, *pair) for pair in zip(a, b, strict=True)]
    return jnp.stack(each)


def as_groups(kind: Kind, geometry: Geometry, a: Array, b: Array) -> Array:
    """Returns the same as ``_native``, by convolutions of XLA with as many times the groups."""
    whole = dataclasses.replace(geometry, groups=len(a) * geometry.groups)
    kernel = _shape(kind, a, b, geometry) if kind == "kernel" else b.shape
    form: Convolution = xla
    if len(a) > 1:  # one net's own groups have not been timed
        form = fast_with_groups(whole, kernel[-2], kernel[-1] // geometry.groups)
    result = _alone(kind, whole, _into_channels(a, 0), _into_channels(b, 0), form)
    return jnp.moveaxis(_out_of_channels(result, len(a)), -2, 0)


def _shifted(kind: Kind, geometry: Geometry, a: Array, b: Array) -> Array:
    """Returns the same for depthwise convolutions, all in one: their channels side by side."""
    compute = {
        "output": shifted_sums.output,
        "images": shifted_sums.images_gradient,
        "kernel": shifted_sums.kernel_gradient,
    }[kind]
    result = compute(_into_channels(a, 0), _into_channels(b, 0), geometry)
    return jnp.moveaxis(_out_of_channels(result, len(a)), -2, 0)


def _into_channels(x: Array, axis: int) -> Array:
    """Returns ``x`` with an axis folded into the last one, as its slower part."""
    return lax.collapse(jnp.moveaxis(x, axis, -2), x.ndim - 2)


def _out_of_channels(x: Array, count: int) -> Array:
    """Undoes ``_into_channels`` of an axis of ``count``, which is the last but one then."""
    return x.reshape(*x.shape[:-1], count, x.shape[-1] // count)


Form = Callable[[Kind, Geometry, Array, Array], Array]

_FORMS: Mapping[str, Mapping[Method, Form]] = {
    "cpu": {"native": _native, "grouped": one_by_one, "shift_and_add": _shifted},
    "gpu": {"native": as_groups, "grouped": as_groups, "shift_and_add": _shifted},
}


def _primitive(kind: Kind) -> Primitive:
    """Returns a new primitive with all its rules but those of differentiation."""
    primitive = Primitive(f"convolution_{kind}")

    @functools.cache
    def compiled(geometry: Geometry, method: Method) -> Callable[..., Array]:
        return jax.jit(functools.partial(primitive.bind, geometry=geometry, method=method))

    def run(a: Array, b: Array, *, geometry: Geometry, method: Method) -> Array:
        return compiled(geometry, method)(a, b)

    def shape(a: Any, b: Any, *, geometry: Geometry, method: Method) -> Any:
        del method
        result = _shape(kind, a, b, geometry)
        if kind != "kernel":  # a batch that is cut over devices stays so
            return a.update(shape=result)
        return a.update(shape=result, sharding=a.sharding.update(spec=jax.P(*[None] * len(result))))

    def lower(
        forms: Mapping[Method, Form],
        context: Any,
        *operands: Any,
        geometry: Geometry,
        method: Method,
    ) -> Any:
        # XLA can cut its own convolution into parts for several devices, but not a foreign call.
        whole = getattr(context.module_context.axis_context, "num_devices", 1) == 1
        form = forms[method] if whole or method != "native" else one_by_one
        function = functools.partial(form, kind, geometry)
        return mlir.lower_fun(function, multiple_results=False)(context, *operands)

    def batch(operands: Any, axes: Any, *, geometry: Geometry, method: Method) -> tuple[Array, int]:
        bind = functools.partial(primitive.bind, geometry=geometry, method=method)
        (size,) = {x.shape[i] for x, i in zip(operands, axes, strict=True) if i is not None}
        if axes[1] is None and kind != "kernel":  # more images for the same kernels
            a = jnp.moveaxis(operands[0], axes[0], 1)
            a = a.reshape(len(a), -1, *a.shape[3:])
            result = bind(a, operands[1])
            return result.reshape(len(a), size, -1, *result.shape[2:]), 1
        if axes[0] is None and kind != "images" and geometry.groups == 1:  # more filters
            b = _into_channels(operands[1], axes[1])
            result = bind(operands[0], b)
            return _out_of_channels(result, size), result.ndim - 1
        folded = [_fold(x, i, size) for x, i in zip(operands, axes, strict=True)]
        result = bind(*folded)
        return result.reshape(size, -1, *result.shape[1:]), 0

    primitive.def_impl(run)
    primitive.def_abstract_eval(shape)
    for platform, forms in _FORMS.items():
        mlir.register_lowering(primitive, functools.partial(lower, forms), platform)
    batching.primitive_batchers[primitive] = batch
    return primitive


def _fold(x: Array, axis: int | None, size: int) -> Array:
    """Returns ``x`` with a mapped axis, or ``size`` copies of it, folded into the leading axis."""
    x = jnp.broadcast_to(x, (size, *x.shape)) if axis is None else jnp.moveaxis(x, axis, 0)
    return x.reshape(-1, *x.shape[2:])


_output, _images, _kernel = _primitive("output"), _primitive("images"), _primitive("kernel")

# The transposes take what flows back and the two operands, of which only one is known.
ad.defbilinear(
    _output,
    lambda y, x, w, **how: _images.bind(y, w, **how),
    lambda y, x, w, **how: _kernel.bind(x, y, **how),
)
ad.defbilinear(
    _images,
    lambda x, y, w, **how: _output.bind(x, w, **how),
    lambda x, y, w, **how: _kernel.bind(x, y, **how),
)
ad.defbilinear(
    _kernel,
    lambda w, x, y, **how: _images.bind(y, w, **how),
    lambda w, x, y, **how: _output.bind(x, w, **how),
)
