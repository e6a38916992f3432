'use strict'

// Values as `@datadog/native-appsec` converts them: numbers are floats, what JSON does not know is invalid, and so is an
// object within itself; only own properties count, whatever the class of an object, and `toJSON` is honoured.

const { types } = require('node:util')
const { Encoder, FALSE, NULL, TRUE, WHOLE, sharing } = require('../encode')

const INVALID = 9

/** A map of addresses is the first of twenty levels, of which the last is not read. */
const LIMITS = { stringLength: 4096, containerSize: 256, containerDepth: 19, values: 100_000, textBytes: 64 << 20 }

/** More than what is read of a container. */
const SEEN = LIMITS.containerSize + 1

const bufferToJSON = Buffer.prototype.toJSON

class PlainEncoder extends Encoder {
  value (value, depth) {
    switch (typeof value) {
      case 'string':
        return this.string(value)
      case 'number':
        return this.float(value)
      case 'boolean':
        return this.scalar(value ? TRUE : FALSE)
      case 'object':
        return value === null ? this.scalar(NULL) : this.guarded(value, depth)
      default:
        return this.unreadable()
    }
  }

  object (object, depth) {
    const { toJSON } = object
    if (typeof toJSON !== 'function') return this.#plain(object, depth)
    if (toJSON === bufferToJSON && types.isUint8Array(object)) return this.#buffer(object, depth)
    const replaced = object.toJSON()
    if (typeof replaced !== 'object' || replaced === null) return this.value(replaced, depth)
    return this.enter(replaced) ? this.#plain(replaced, depth) : this.unreadable()
  }

  #plain (object, depth) {
    if (types.isProxy(object)) return this.map(object, depth)
    if (Array.isArray(object)) return this.array(object, depth)
    if (!types.isTypedArray(object)) return this.map(object, depth)
    // Listing the keys of a large one takes long.
    const keys = Array.from({ length: Math.min(object.length, SEEN) }, (_, index) => String(index))
    keys.length = object.length
    this.map(object, depth, keys)
  }

  /** What its `toJSON` returns, without the copy of all bytes. */
  #buffer (buffer, depth) {
    const data = Array.from(buffer.subarray(0, SEEN))
    data.length = buffer.length
    this.map({ type: 'Buffer', data }, depth)
  }

  read (object, key) {
    try {
      return object[key]
    } catch {
      return undefined
    }
  }

  unreadable () {
    this.scalar(INVALID)
  }

  /** In bytes. */
  lengthOf (text) {
    return Buffer.byteLength(text)
  }
}

const withPlain = sharing(PlainEncoder)

/** Calls `use` with the bytes of a configuration. */
function withDocument (document, use) {
  return withPlain(
    (encoder) => encoder.encode(document, WHOLE, false),
    (buffer, length) => use(buffer.subarray(0, length))
  )
}

/** Calls `use` with a buffer that begins with the persistent and the ephemeral data, and the number of their bytes. */
function withData (persistent, ephemeral, use) {
  return withPlain((encoder) => {
    encoder.begin()
    encoder.append(persistent, LIMITS, false)
    return encoder.append(ephemeral, LIMITS, false)
  }, use)
}

module.exports = { withData, withDocument }
