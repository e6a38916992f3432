'use strict'

// Text for values that the engine has no type for.

function bigintText (value) {
  // Decimal conversion of a huge number takes quadratic time, hexadecimal does not.
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

/** Groups name-value pairs with repeated names to a map of arrays. */
function grouped (list) {
  const map = new Map()
  for (const [name, value] of list) {
    if (map.has(name)) map.get(name).push(value)
    else map.set(name, [value])
  }
  return map
}

module.exports = { bigintText, grouped, keyText }
