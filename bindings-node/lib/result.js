'use strict'

const NOTHING = Object.freeze({ events: Object.freeze([]), actions: Object.freeze({}), attributes: Object.freeze({}) })

class Result {
  #text
  #found

  constructor (native) {
    this.matched = native.found !== undefined && native.found !== null
    this.blocked = native.blocked
    this.timeout = native.timeout
    this.keep = native.keep
    this.evaluated = native.evaluated
    this.durationMs = native.duration / 1e6
    this.truncated = null
    if (native.truncated) {
      const [stringLength, containerSize, containerDepth] = native.truncated
      this.truncated = Object.freeze({ stringLength, containerSize, containerDepth })
    }
    this.#text = native.found
    this.#found = this.matched ? null : NOTHING
    Object.freeze(this)
  }

  /** Read when it is first asked for. */
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
