'use strict'

// What is written in the place of values that have no form of their own in the engine.

function bigintText (value) {
  // Decimal digits of a huge number take quadratic time, hexadecimal ones do not.
  return BigInt.asIntN(4096, value) === value ? value.toString() : value.toString(16)
}

function keyText (key) {
  if (typeof key === 'string') return key
  try {
    return String(key)
  } catch {
    return ''
  }
}

/** Names and values in which names repeat, as a map of arrays. */
function grouped (list) {
  const map = new Map()
  for (const [name, value] of list) {
    if (map.has(name)) map.get(name).push(value)
    else map.set(name, [value])
  }
  return map
}

module.exports = { bigintText, grouped, keyText }
