'use strict'

// The class DDWAF with the interface of `@datadog/native-appsec` 11. Its arguments are checked as there, with the same texts.

const { NativeRuleset, NATIVE_ENGINE_VERSION } = require('../native')
const { withData, withDocument } = require('./encode')

/** Keeps the constructor of contexts private to this file. */
const INTERNAL = Symbol('internal')

class DDWAFContext {
  #native
  #disposed = false

  constructor (key, native) {
    if (key !== INTERNAL) throw new TypeError('contexts are made by createContext()')
    this.#native = native
  }

  run (payload, timeout) {
    if (this.#disposed) throw new Error('Calling run on a disposed context')
    if (arguments.length < 2) throw new Error('Wrong number of arguments, 2 expected')
    if (!isObject(payload)) throw new TypeError('Payload data must be an object')
    const persistent = dataOf(payload, 'persistent')
    const ephemeral = dataOf(payload, 'ephemeral')
    if (persistent === null && ephemeral === null) {
      throw new TypeError('Persistent or ephemeral must be an object')
    }
    if (typeof timeout !== 'number') throw new TypeError('Timeout argument must be a number')
    if (!Number.isFinite(timeout) || timeout < 1) throw new TypeError('Timeout argument must be greater than 0')
    return withData(persistent, ephemeral, (buffer, length) => result(this.#native.run(buffer, length, timeout)))
  }

  get disposed () {
    return this.#disposed
  }

  dispose () {
    if (this.#disposed) return
    this.#disposed = true
    this.#native.close()
  }
}

class DDWAF {
  #native

  static version () {
    return NATIVE_ENGINE_VERSION
  }

  constructor (rules, rulesPath, config) {
    requireArguments(arguments, 2)
    requireObject(rules, 'First argument')
    requireString(rulesPath, 'Second argument')
    let keys = ''
    let values = ''
    if (arguments.length > 2) {
      // The text of the original, which counts from the path.
      requireObject(config, 'Second argument')
      keys = patternOf(config, 'obfuscatorKeyRegex')
      values = patternOf(config, 'obfuscatorValueRegex')
    }
    this.#native = withDocument(rules, (bytes) => new NativeRuleset(rulesPath, bytes, keys, values))
    if (!this.#native.usable) throw new Error('Invalid rules')
    this.diagnostics = JSON.parse(this.#native.diagnostics)
    this.#describe()
  }

  get configPaths () {
    return this.#native === null ? [] : this.#native.paths()
  }

  get disposed () {
    return this.#native === null
  }

  createOrUpdateConfig (config, path) {
    this.#check()
    requireArguments(arguments, 2)
    requireObject(config, 'First argument')
    requireString(path, 'Second argument')
    const accepted = withDocument(config, (bytes) => this.#native.update(path, bytes))
    this.diagnostics = JSON.parse(this.#native.diagnostics)
    if (accepted) this.#describe()
    return accepted
  }

  removeConfig (path) {
    this.#check()
    requireArguments(arguments, 1)
    requireString(path, 'First argument')
    const removed = this.#native.remove(path)
    if (removed) this.#describe()
    return removed
  }

  createContext () {
    if (this.#native === null) throw new Error('Calling createContext on a disposed DDWAF instance')
    return new DDWAFContext(INTERNAL, this.#native.context())
  }

  dispose () {
    this.#native?.close()
    this.#native = null
  }

  #check () {
    if (this.#native === null) throw new Error('Could not update a disposed WAF instance')
  }

  #describe () {
    this.knownAddresses = new Set(this.#native.knownAddresses())
    this.knownActions = new Set(this.#native.knownActions())
  }
}

for (const [Class, names] of [[DDWAF, ['configPaths', 'disposed']], [DDWAFContext, ['disposed']]]) {
  for (const name of names) Object.defineProperty(Class.prototype, name, { enumerable: true })
}

/** What a native call returned: a figure if nothing was found, or an array. */
function result (reply) {
  const whole = typeof reply === 'object'
  const figure = whole ? reply[0] : reply
  const metrics = {}
  if (figure < -1) return { metrics, errorCode: figure }
  const [, timeout, keep, matched, text, length, size, depth] = whole ? reply : [figure, false, false, false]
  if (length > 0) metrics.maxTruncatedString = length
  if (size > 0) metrics.maxTruncatedContainerSize = size
  if (depth > 0) metrics.maxTruncatedContainerDepth = depth
  const found = { metrics, timeout }
  if (figure >= 0) found.duration = figure
  const { attributes, events, actions } = text === undefined ? {} : JSON.parse(text)
  if (attributes !== undefined) found.attributes = attributes
  if (matched) Object.assign(found, { status: 'match', events, actions })
  found.keep = keep
  return found
}

function isObject (value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

function dataOf (payload, name) {
  const data = payload[name]
  return isObject(data) ? data : null
}

function requireArguments (given, count) {
  if (given.length < count) throw new Error(`Wrong number of arguments, expected at least ${count}`)
}

function requireObject (value, what) {
  if (!isObject(value)) throw new TypeError(`${what} must be an object`)
}

function requireString (value, what) {
  if (typeof value !== 'string') throw new TypeError(`${what} must be a string`)
}

function patternOf (config, name) {
  if (!(name in config)) return ''
  requireString(config[name], name)
  return config[name]
}

module.exports = { DDWAF }
