'use strict'

// The application's side of a response that was replaced: it may go on writing, and must not notice more of it than of a
// client that takes everything.

/** The methods of a response that throw, or write between responses, after it was sent. */
const QUIET = [
  'setHeader', 'setHeaders', 'appendHeader', 'removeHeader', 'flushHeaders', 'addTrailers', 'setTrailer',
  'writeContinue', 'writeProcessing', 'writeEarlyHints', 'writeInformation'
]

/** Makes these methods do nothing; returns what brings them back. */
function silence (res) {
  const own = QUIET.filter((name) => typeof res[name] === 'function').map((name) => [name, Object.getOwnPropertyDescriptor(res, name)])
  for (const [name] of own) Object.defineProperty(res, name, { value: () => res, configurable: true, writable: true })
  return () => {
    for (const [name, before] of own) {
      if (before) Object.defineProperty(res, name, before)
      else delete res[name]
    }
  }
}

/** Drops what the application writes. It is asked to pause, and soon after to go on, so that a loop does not run for ever. */
function dropWrite (res, args) {
  const callback = args.find((argument) => typeof argument === 'function')
  if (callback !== undefined) process.nextTick(callback)
  if (!res.destroyed && !res.closed) setImmediate(() => { if (!res.destroyed && !res.writableFinished) res.emit('drain') })
  return false
}

/** Drops the end that the application writes. Its callback is called once the replacement was sent, or cannot be. */
function dropEnd (res, args) {
  const callback = args.find((argument) => typeof argument === 'function')
  if (callback === undefined) return
  if (res.writableFinished || res.destroyed) {
    process.nextTick(callback)
    return
  }
  const once = () => {
    res.off('finish', once)
    res.off('close', once)
    callback()
  }
  res.on('finish', once)
  res.on('close', once)
}

// The largest response to a failed login from which the engine learns.
const LARGEST_FAILURE = 1 << 16

/** The body of a response to a failed login, unless it is larger than what the engine learns from. */
class FailureBody {
  #parts = []
  #length = 0

  add (part, encoding) {
    if (part === undefined || part === null || typeof part === 'function') return
    const bytes = typeof part === 'string' ? Buffer.from(part, typeof encoding === 'string' ? encoding : 'utf8') : part
    this.#length += bytes.length
    if (this.#length <= LARGEST_FAILURE) this.#parts.push(bytes)
  }

  text () {
    return this.#length <= LARGEST_FAILURE ? Buffer.concat(this.#parts).toString() : undefined
  }
}

module.exports = { dropEnd, dropWrite, FailureBody, silence }
