'use strict'

// The arguments of a request's call. What the client can make large shares the budget; each of the others, which say who the
// client is, is written before that and by itself. Which is which, the engine says.

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
  // What is no map of arguments, the engine refuses.
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

/** Code of the application may answer this (a proxy). */
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
