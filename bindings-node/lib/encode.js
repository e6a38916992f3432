'use strict'

// JavaScript values -> the bytes that src/wire.rs reads. The format is described there.
//
// Everything that can run code of the application (getters, proxies, toJSON, iterators) happens here, where it can throw
// without harm: what throws becomes null, and so does an object within itself. Values are cut here, by the same rules as in
// the engine, which counts them.

const { performance } = require('node:perf_hooks')
const { types } = require('node:util')
const { bigintText, grouped, keyText } = require('./texts')

const NULL = 0
const FALSE = 1
const TRUE = 2
const FLOAT = 3
const SIGNED = 4
const UNSIGNED = 5
const STRING = 6
const ARRAY = 7
const MAP = 8

const MOST = 2 ** 32 - 1
/** For configurations and arguments, which are converted as a whole. */
const WHOLE = {
  stringLength: MOST,
  containerSize: 2 ** 28 - 1,
  containerDepth: 1000,
  values: 20_000_000,
  textBytes: 256 << 20
}

const LARGEST_KEPT = 1 << 20
const SHORT = 40

// As in the engine's intake, so that all languages cut at the same places.
const RESERVED = 16
const NANOSECONDS_A_VALUE = 300
const BYTES_A_NANOSECOND = 2
const SMALL = 1024
const NEVER_CUT = 256

/** The number of values after which the time is measured. */
const MEASURED = 256

const mapEntries = Map.prototype.entries
const setValues = Set.prototype.values
const isWellKnownList = (object) =>
  object instanceof URLSearchParams || (typeof Headers === 'function' && object instanceof Headers)

/** Methods that are not private are for `native-appsec/encode.js`, which converts by other rules. */
class Encoder {
  #buffer = Buffer.allocUnsafeSlow(1 << 14)
  #view = new DataView(this.#buffer.buffer)
  #at = 0
  /** The values that the innermost container may still have, and its entries that have not come yet. */
  #left = 0
  #entries = 1
  /** The same for each container around it. */
  #around = []
  #textLeft = 0
  #count = 0
  #measuredFrom = 0
  #limits = WHOLE
  #strict = false
  /** The objects being written, outermost first. */
  #path = []

  /** The buffer with the bytes, until the next call. */
  get buffer () {
    return this.#buffer
  }

  /** Writes the bytes and returns their number; at most what half of a budget in milliseconds buys. */
  encode (value, limits, strict, budget = Infinity) {
    this.begin()
    return this.append(value, limits, strict, budget)
  }

  begin () {
    this.#at = 0
    this.#count = 0
  }

  /** Writes one more value, within its own limits; returns the total number of bytes. */
  append (value, limits, strict, budget = Infinity) {
    this.#left = Math.min(limits.values, Math.max(Math.floor(budget * 1e6 / NANOSECONDS_A_VALUE), SMALL))
    this.#entries = 1
    this.#around.length = 0
    this.#path.length = 0
    this.#textLeft = Math.min(limits.textBytes, budget * 1e6 * BYTES_A_NANOSECOND)
    this.#limits = limits
    this.#strict = strict
    this.value(value, 0)
    return this.#at
  }

  /** The duration of the last call in milliseconds, if it was long enough to count. */
  get elapsed () {
    if (this.#count <= MEASURED) return 0
    return (performance.now() - this.#measuredFrom) * this.#count / (this.#count - MEASURED)
  }

  /** Releases memory after an unusually large value. */
  trim () {
    if (this.#buffer.length > LARGEST_KEPT) this.#allocate(1 << 14)
  }

  #allocate (size) {
    const old = this.#buffer
    this.#buffer = Buffer.allocUnsafeSlow(size)
    this.#view = new DataView(this.#buffer.buffer)
    return old
  }

  #reserve (size) {
    const needed = this.#at + size
    if (needed > this.#buffer.length) this.#allocate(Math.max(needed, 2 * this.#buffer.length)).copy(this.#buffer)
  }

  #kind (kind) {
    this.#reserve(13)
    this.#buffer[this.#at++] = kind
  }

  scalar (kind) {
    this.#left = Math.max(this.#left - 1, 0)
    if (++this.#count === MEASURED) this.#measuredFrom = performance.now()
    this.#kind(kind)
  }

  #u32 (number) {
    this.#view.setUint32(this.#at, number, true)
    this.#at += 4
  }

  value (value, depth) {
    switch (typeof value) {
      case 'string':
        return this.string(value)
      case 'number':
        return this.#number(value)
      case 'boolean':
        return this.scalar(value ? TRUE : FALSE)
      case 'bigint':
        return this.#bigint(value)
      case 'object':
        return value === null ? this.scalar(NULL) : this.guarded(value, depth)
      case 'undefined':
        return this.scalar(NULL)
      default:
        if (this.#strict) throw new TypeError(`a ${typeof value} cannot be part of a configuration`)
        return this.scalar(NULL)
    }
  }

  #number (value) {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.scalar(SIGNED)
      this.#view.setUint32(this.#at, value >>> 0, true)
      this.#view.setInt32(this.#at + 4, Math.floor(value / 2 ** 32), true)
      this.#at += 8
    } else {
      this.float(value)
    }
  }

  float (value) {
    this.scalar(FLOAT)
    this.#view.setFloat64(this.#at, value, true)
    this.#at += 8
  }

  #bigint (value) {
    if (BigInt.asIntN(64, value) === value) {
      this.scalar(SIGNED)
      this.#view.setBigInt64(this.#at, value, true)
    } else if (BigInt.asUintN(64, value) === value) {
      this.scalar(UNSIGNED)
      this.#view.setBigUint64(this.#at, value, true)
    } else {
      return this.string(bigintText(value))
    }
    this.#at += 8
  }

  string (text) {
    this.scalar(STRING)
    const limit = this.#textLimit(text.length)
    const cut = text.length > limit
    this.#view.setFloat64(this.#at, cut ? this.lengthOf(text) : 0, true)
    this.#at += 8
    this.#text(cut ? text.slice(0, limit) : text)
  }

  /** The length of a string that is cut, as it is reported. */
  lengthOf (text) {
    return text.length
  }

  /** The length to which a string is cut. The total of text is limited, too, as one string may occur many times. */
  #textLimit (length) {
    const limit = Math.min(this.#limits.stringLength, Math.max(this.#textLeft, NEVER_CUT))
    if (length > limit && this.#strict) throw new TypeError('the configuration is too large')
    return limit
  }

  /** The length and the bytes. */
  #text (text) {
    const length = text.length
    this.#reserve(4 + 3 * length)
    const start = this.#at + 4
    let bytes = 0
    if (length <= SHORT) {
      // For short ASCII this is faster than a native call.
      for (; bytes < length; bytes++) {
        const code = text.charCodeAt(bytes)
        if (code >= 0x80) break
        this.#buffer[start + bytes] = code
      }
    }
    if (bytes < length) bytes = this.#buffer.write(text, start, 'utf8')
    this.#u32(bytes)
    this.#at = start + bytes
    this.#textLeft = Math.max(this.#textLeft - bytes, 0)
  }

  #bytes (view) {
    this.scalar(STRING)
    const kept = Math.min(view.length, this.#textLimit(view.length))
    this.#view.setFloat64(this.#at, view.length, true)
    this.#at += 8
    this.#reserve(4 + kept)
    this.#u32(kept)
    this.#buffer.set(view.subarray(0, kept), this.#at)
    this.#at += kept
    this.#textLeft = Math.max(this.#textLeft - kept, 0)
  }

  /** Writes null for an object whose own code throws. */
  guarded (object, depth) {
    const path = this.#path
    if (path.includes(object)) {
      if (this.#strict) throw new TypeError('the configuration contains itself')
      return this.unreadable()
    }
    const outside = path.length
    path.push(object)
    const at = this.#at
    const left = this.#left
    const entries = this.#entries
    const around = this.#around.length
    try {
      this.object(object, depth, true)
    } catch (error) {
      if (this.#strict) throw error
      this.#at = at
      this.#left = left
      this.#entries = entries
      this.#around.length = around
      this.unreadable()
    } finally {
      path.length = outside
    }
  }

  /** Writes what stands for an object that cannot be read. */
  unreadable () {
    this.scalar(NULL)
  }

  /** Whether an object is being written, which is then its own part; if not, it is from now on. */
  enter (object) {
    const within = this.#path.includes(object)
    if (!within) this.#path.push(object)
    return !within
  }

  object (object, depth, honourToJSON) {
    if (Array.isArray(object)) return this.array(object, depth)
    if (ArrayBuffer.isView(object)) {
      return this.#bytes(new Uint8Array(object.buffer, object.byteOffset, object.byteLength))
    }
    if (types.isAnyArrayBuffer(object)) return this.#bytes(new Uint8Array(object))
    if (types.isMap(object)) return this.#pairs(mapEntries.call(object), object.size, depth)
    if (types.isSet(object)) return this.#elements(setValues.call(object), object.size, depth)
    if (types.isBoxedPrimitive(object)) return this.primitive(object.valueOf())
    if (isWellKnownList(object)) return this.object(grouped(object), depth, false)
    if (honourToJSON && typeof object.toJSON === 'function') {
      const replaced = object.toJSON('')
      if (typeof replaced !== 'object' || replaced === null) return this.primitive(replaced)
      this.#path.push(replaced)
      return this.object(replaced, depth, false)
    }
    this.map(object, depth)
  }

  map (object, depth, keys = Object.keys(object)) {
    const wanted = this.#open(MAP, keys.length, depth)
    for (let i = 0; i < wanted; i++) {
      this.#entries = wanted - i
      this.#key(keys[i])
      this.value(this.read(object, keys[i]), depth + 1)
    }
    this.#close()
  }

  primitive (value) {
    this.value(typeof value === 'object' ? null : value, 0)
  }

  array (array, depth) {
    const length = Math.min(Math.max(Math.trunc(Number(array.length)) || 0, 0), MOST)
    const wanted = this.#open(ARRAY, length, depth)
    for (let i = 0; i < wanted; i++) {
      this.#entries = wanted - i
      this.value(this.read(array, i), depth + 1)
    }
    this.#close()
  }

  read (object, key) {
    if (this.#strict) return object[key]
    try {
      return object[key]
    } catch {
      return null
    }
  }

  #elements (iterator, size, depth) {
    const wanted = this.#open(ARRAY, size, depth)
    for (let i = 0; i < wanted; i++) {
      this.#entries = wanted - i
      this.value(iterator.next().value, depth + 1)
    }
    this.#close()
  }

  #pairs (iterator, size, depth) {
    const wanted = this.#open(MAP, size, depth)
    for (let i = 0; i < wanted; i++) {
      this.#entries = wanted - i
      const [key, value] = iterator.next().value ?? ['', null]
      this.#key(keyText(key))
      this.value(value, depth + 1)
    }
    this.#close()
  }

  #key (key) {
    const limit = this.#textLimit(key.length)
    this.#reserve(4)
    this.#u32(Math.min(key.length, MOST))
    this.#text(key.length > limit ? key.slice(0, limit) : key)
  }

  /** Opens a container; returns how many entries follow. */
  #open (kind, size, depth) {
    const limits = this.#limits
    const tooDeep = depth >= limits.containerDepth
    if (tooDeep && this.#strict) {
      throw new TypeError(`the configuration is nested deeper than ${limits.containerDepth} levels`)
    }
    const reserved = (this.#entries - 1) * RESERVED
    const share = Math.max(this.#left - reserved, Math.floor(this.#left / Math.max(this.#entries, 1)), 0)
    const wanted = tooDeep ? 0 : Math.min(size, limits.containerSize, Math.max(share - 1, 0))
    if (wanted < size && this.#strict) throw new TypeError('the configuration is too large')
    this.#around.push(this.#left - share, this.#entries)
    this.#left = share
    this.scalar(kind)
    this.#u32(size)
    this.#u32(wanted)
    return wanted
  }

  /** Values that the container did not use are left to its siblings. */
  #close () {
    this.#entries = this.#around.pop()
    this.#left += this.#around.pop()
  }
}

/**
 * Returns a function that calls `write` with an encoder of this class, and `use` with its buffer, the number of bytes
 * encoded at its beginning (creating a view of them would cost as much as writing a few strings), and the milliseconds that
 * encoding took. Code of the application that runs meanwhile may call it again; it gets an encoder of its own.
 */
function sharing (Class) {
  const shared = new Class()
  let busy = false
  return (write, use) => {
    if (busy) {
      const encoder = new Class()
      const length = write(encoder)
      return use(encoder.buffer, length, encoder.elapsed)
    }
    busy = true
    try {
      const length = write(shared)
      return use(shared.buffer, length, shared.elapsed)
    } finally {
      busy = false
      shared.trim()
    }
  }
}

const withEncoder = sharing(Encoder)

/** The same for one value. */
function withBuffer (value, limits, strict, use, budget) {
  return withEncoder((encoder) => encoder.encode(value, limits, strict, budget), use)
}

/** The same, with a view of the bytes. */
function withEncoded (value, limits, strict, use) {
  return withBuffer(value, limits, strict, (buffer, length) => use(buffer.subarray(0, length)))
}

module.exports = { Encoder, FALSE, MAP, NULL, TRUE, WHOLE, sharing, withBuffer, withEncoded, withEncoder }
