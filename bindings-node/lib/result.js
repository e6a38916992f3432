'use strict'

const NOTHING = Object.freeze({ events: Object.freeze([]), actions: Object.freeze({}), attributes: Object.freeze({}) })

// The bits below the nanoseconds in the figures of a call; see src/result.rs.
const TIMEOUT = 1
const KEEP = 2
const BLOCKED = 4
const EVALUATED = 8
const FLAGS = 16

class Result {
  #text = null
  #found = NOTHING

  /** `reply` is what native calls return: the figures, or an array of them and what was found or cut. */
  constructor (reply) {
    const quiet = typeof reply === 'number'
    const figures = quiet ? reply : reply[0]
    const flags = figures % FLAGS
    if (!quiet && typeof reply[2] === 'string') {
      this.#text = reply[2]
      this.#found = null
    }
    this.matched = this.#found === null
    this.blocked = (flags & BLOCKED) !== 0
    this.timeout = (flags & TIMEOUT) !== 0
    this.keep = (flags & KEEP) !== 0
    this.evaluated = quiet ? (flags & EVALUATED) / EVALUATED : reply[1]
    this.durationMs = (figures - flags) / FLAGS / 1e6
    this.truncated = quiet || reply.length === 3
      ? null
      : Object.freeze({
        stringLength: reply[3],
        containerSize: reply[4],
        containerDepth: reply[5],
        unfinished: reply[6] === 1
      })
    Object.freeze(this)
  }

  get incomplete () {
    const { stringLength = 0, containerSize = 0, containerDepth = 0, unfinished = false } = this.truncated ?? {}
    const reasons = [
      [this.timeout, 'budget'],
      [stringLength > 0, 'string_length'],
      [containerSize > 0, 'container_size'],
      [containerDepth > 0, 'container_depth'],
      [unfinished, 'unfinished']
    ]
    return reasons.filter(([holds]) => holds).map(([, reason]) => reason)
  }

  /** Parsed on first use. */
  get #parsed () {
    if (this.#found === null) {
      this.#found = JSON.parse(this.#text)
      this.#text = null
    }
    return this.#found
  }

  get events () {
    return this.#parsed.events
  }

  get actions () {
    return this.#parsed.actions
  }

  get attributes () {
    return this.#parsed.attributes
  }

  toJSON () {
    return {
      events: this.events,
      actions: this.actions,
      duration: Math.round(this.durationMs * 1e6),
      timeout: this.timeout,
      attributes: this.attributes,
      keep: this.keep,
      evaluated: this.evaluated
    }
  }
}

module.exports = { Result }
