'use strict'

// The arguments of a request's call. Those that the client can make large share the budget; the others, which identify the
// client, are written before them, one by one. The engine says which is which.

const native = require('./native')
const { WHOLE, withEncoder } = require('./encode')

const { shared, whole, ...bounds } = native.argumentRules()
const SHARED = new Set(shared)
const TAKEN_WHOLE = new Set(whole)

/** As `withBuffer`, for arguments and a budget in milliseconds. */
function withArguments (args, budget, use) {
  return withEncoder((encoder) => write(encoder, args, budget), use)
}

function write (encoder, args, budget) {
  encoder.begin()
  // The engine refuses anything but a map of arguments.
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return encoder.append(null, WHOLE, false)
  const large = {}
  for (const name of namesOf(args)) {
    const value = read(args, name)
    if (SHARED.has(name)) {
      large[name] = value
    } else {
      encoder.append(name, WHOLE, false)
      encoder.append(value, TAKEN_WHOLE.has(name) ? WHOLE : bounds, false)
    }
  }
  return encoder.append(large, WHOLE, false, Math.max(budget - encoder.elapsed, 0))
}

/** May run code of the application (a proxy). */
function namesOf (args) {
  try {
    return Object.keys(args)
  } catch {
    return []
  }
}

function read (args, name) {
  try {
    return args[name]
  } catch {
    return null
  }
}

module.exports = { withArguments }
