'use strict'

// The way of a dangerous call to the engine.

const sdk = require('../sdk')
const { Blocked } = require('../errors')

const state = {
  /** Whether calls are judged. */
  enabled: false,
  /** Whether one is being judged, or made: what that needs is not judged again. */
  busy: false
}

/** The request in which a call is made, if it is to be judged. After a refusal, what cleans up is not. */
function judging () {
  if (!state.enabled || state.busy) return undefined
  const request = sdk.current()
  return request?.operation !== undefined && !request.blocked ? request : undefined
}

/** Evaluates a call before it is made; returns the error that is raised in its place, if it is refused. */
function refusal (request, addresses) {
  state.busy = true
  try {
    request.operation(addresses)
    return undefined
  } catch (error) {
    if (error instanceof Blocked) return error
    process.emitWarning(`a call could not be judged: ${error}`, 'BartizanWarning')
    return undefined
  } finally {
    state.busy = false
  }
}

/** Makes a call that was judged; what it calls in turn is part of it. */
function within (call) {
  state.busy = true
  try {
    return call()
  } finally {
    state.busy = false
  }
}

/**
 * Replaces a function by one that is judged. `describe` returns the addresses of a call with these arguments, several in an
 * array, or nothing if it is harmless; `refuse` does what the function does when it fails.
 */
function wrap (owner, name, describe, refuse) {
  const original = owner?.[name]
  if (typeof original !== 'function') return
  const judged = function (...args) {
    const request = judging()
    if (request === undefined) return construct(original, this, args, new.target)
    const addresses = describe.call(this, ...args)
    if (addresses === undefined) return construct(original, this, args, new.target)
    for (const operation of [addresses].flat()) {
      const error = refusal(request, operation)
      if (error !== undefined) return refuse.call(this, error, args)
    }
    return within(() => construct(original, this, args, new.target))
  }
  // Such as `util.promisify.custom`, which must lead through here as well.
  for (const key of Reflect.ownKeys(original)) {
    const own = Object.getOwnPropertyDescriptor(original, key)
    if (key === 'prototype') judged.prototype = own.value
    else Object.defineProperty(judged, key, { ...own, configurable: true })
  }
  owner[name] = judged
}

const construct = (original, self, args, target) => target === undefined ? original.apply(self, args) : Reflect.construct(original, args)

/** How functions fail, by their kind. */
const refuseSync = (error) => { throw error }
const refuseAsync = (error) => Promise.reject(error)
function refuseCallback (error, args) {
  const callback = args.findLast((argument) => typeof argument === 'function')
  if (callback !== undefined) process.nextTick(callback, error)
}

/** Emits an error as streams and emitters do, but ends nothing that does not listen. */
function emitError (emitter, error) {
  process.nextTick(() => { if (emitter.listenerCount('error') > 0) emitter.emit('error', error) })
}

module.exports = { emitError, judging, refusal, refuseAsync, refuseCallback, refuseSync, state, within, wrap }
