'use strict'

const { NativeWaf, NATIVE_ENGINE_VERSION } = require('./native')
const { MAP, WHOLE, withBuffer, withEncoded } = require('./encode')
const { ConfigurationError, DisposedError, diagnosticsOf, kindOf, only, warn, wrongDocument } = require('./errors')
const { Result } = require('./result')

const DEFAULT_TIMEOUT_MS = 5
const LONGEST_TIMEOUT_MS = 3_600_000
const DEEPEST = 1000
const OPTIONS = ['timeoutMs', 'maxStringLength', 'maxContainerSize', 'maxContainerDepth', 'maxValues']
const RUN_OPTIONS = ['timeoutMs']

const dispose = Symbol.dispose ?? Symbol.for('nodejs.dispose')

/** Keeps the constructor private to this file. */
const INTERNAL = Symbol('internal')

/** Native contexts kept for reuse, as making one costs more than evaluating a small request. */
const KEPT_CONTEXTS = 64

/** The native half and the budget of a context, if there is one, for calls about users. */
let within

class Context {
  static {
    within = (context) => {
      if (context === undefined || context === null) return [null, 0]
      context.#check()
      context.#start()
      return [context.#native, context.#settings.timeoutMs]
    }
  }

  /** The rules at the time the context was made, until it is started. */
  #instance
  /** Null until then. */
  #native
  #settings

  constructor (key, instance, native, settings) {
    if (key !== INTERNAL) throw new TypeError('contexts are made by waf.context()')
    this.#instance = instance
    this.#native = native
    this.#settings = settings
  }

  run (data, options) {
    this.#check()
    const budget = budgetOf(options, this.#settings.timeoutMs)
    return withBuffer(data, this.#settings.limits, false, (buffer, length, elapsed) => {
      if (buffer[0] !== MAP) {
        throw new TypeError(`the data must be an object from addresses to values, not ${kindOf(data)}`)
      }
      const left = Math.max(budget - elapsed, 0)
      if (this.#native !== null) return new Result(this.#native.run(buffer, length, left))
      this.#native = this.#settings.free.pop() ?? this.#settings.native.context()
      return new Result(this.#native.start(this.#instance, buffer, length, left))
    }, budget)
  }

  runBatches (batches, options) {
    if (!Array.isArray(batches)) throw new TypeError(`the batches must be an array of objects, not ${kindOf(batches)}`)
    this.#check()
    const budget = budgetOf(options, this.#settings.timeoutMs)
    return withBuffer(batches, this.#settings.batchLimits, false, (buffer, length, elapsed) => {
      this.#start()
      return new Result(this.#native.runBatches(buffer, length, Math.max(budget - elapsed, 0)))
    }, budget)
  }

  subcontext () {
    this.#check()
    const native = this.#native === null ? null : this.#native.subcontext()
    return new Context(INTERNAL, this.#instance, native, this.#settings)
  }

  /** Finding nothing in silence would look like being safe. */
  #check () {
    if (this.#native === this.#settings.closed) throw new DisposedError('the context was disposed of')
  }

  #start () {
    if (this.#native !== null) return
    this.#native = this.#settings.free.pop() ?? this.#settings.native.context()
    this.#native.restart(this.#instance)
  }

  dispose () {
    const { closed, free } = this.#settings
    const native = this.#native
    this.#native = closed
    if (native === null || native === closed) return
    native.close()
    if (free.length < KEPT_CONTEXTS) free.push(native)
  }

  [dispose] () {
    this.dispose()
  }
}

class Waf {
  #native
  #instance
  #settings
  #diagnostics = diagnosticsOf({ warnings: [] })

  constructor (rules, options = {}) {
    only(options, OPTIONS)
    const limits = {
      stringLength: whole(options, 'maxStringLength', 4096),
      containerSize: Math.min(whole(options, 'maxContainerSize', 256), WHOLE.containerSize),
      containerDepth: Math.min(whole(options, 'maxContainerDepth', 20), DEEPEST),
      values: Math.min(whole(options, 'maxValues', 100_000), WHOLE.values),
      textBytes: 64 << 20
    }
    this.#native = new NativeWaf(limits)
    this.#settings = {
      native: this.#native,
      free: [],
      closed: this.#native.context(),
      limits,
      // The array around the batches does not count as a level.
      batchLimits: { ...limits, containerDepth: limits.containerDepth + 1 },
      timeoutMs: timeoutOf(options, DEFAULT_TIMEOUT_MS)
    }
    if (rules === undefined || rules === null) this.#native.addBuiltin()
    else this.#diagnostics = this.#add(null, rules, 'the rules cannot be used')
    this.#instance = this.#native.instance()
  }

  context () {
    return new Context(INTERNAL, this.#instance, null, this.#settings)
  }

  update (path, config) {
    return this.#add(pathOf(path), config, `the configuration '${path}' was refused`)
  }

  remove (path) {
    const removed = this.#native.remove(pathOf(path))
    this.#instance = this.#native.instance()
    return removed
  }

  paths () {
    return this.#native.paths()
  }

  get diagnostics () {
    return this.#diagnostics
  }

  get knownAddresses () {
    return this.#native.knownAddresses()
  }

  get knownActions () {
    return this.#native.knownActions()
  }

  /** Warnings about all current configurations. */
  get warnings () {
    return JSON.parse(this.#native.warnings())
  }

  /** Without a path, these are the initial rules. */
  #add (path, config, refused) {
    const add = (bytes) => path === null ? this.#native.setRules(bytes) : this.#native.update(path, bytes)
    const added = withEncoded(config, WHOLE, true, add)
    this.#instance = this.#native.instance()
    const diagnostics = diagnosticsOf(JSON.parse(added.diagnostics))
    if (!added.accepted) throw new ConfigurationError(`${refused}: ${wrongDocument(config) ?? added.message}`, diagnostics)
    warn(added.doubts)
    return diagnostics
  }
}

function pathOf (path) {
  if (typeof path !== 'string') throw new TypeError(`the path must be a string, not ${kindOf(path)}`)
  return path
}

function budgetOf (options, otherwise) {
  if (options !== undefined) only(options, RUN_OPTIONS)
  return timeoutOf(options, otherwise)
}

function timeoutOf (options, otherwise) {
  const timeout = options?.timeoutMs ?? otherwise
  if (typeof timeout !== 'number') throw new TypeError(`timeoutMs must be a number, not ${kindOf(timeout)}`)
  if (!(timeout >= 0)) throw new RangeError(`timeoutMs must not be negative: ${timeout}`)
  return Math.min(timeout, LONGEST_TIMEOUT_MS)
}

function whole (options, name, otherwise) {
  const number = options?.[name] ?? otherwise
  if (!Number.isInteger(number) || number < 0) throw new RangeError(`${name} must be a whole number`)
  return Math.min(number, 2 ** 32 - 1)
}

module.exports = { Waf, Context, ENGINE_VERSION: NATIVE_ENGINE_VERSION, within }
