'use strict'

// In-process detection of account takeover and business-logic abuse, from events to signals and blocks.

const native = require('./native')
const { WHOLE, withEncoded } = require('./encode')
const { ArgumentError, diagnosticsOf, only } = require('./errors')

/** Arguments are encoded without the usual limits, except for one on the length of texts. */
const ARGUMENTS = { ...WHOLE, textBytes: 64 << 20 }
const OPTIONS = ['clock', 'startMs', 'service', 'env']
const WANTED = ['minSeverity', 'categories', 'services', 'kinds']
const QUERY = ['state', 'minSeverity', 'service', 'rule', 'skip', 'limit']
const SECOND_MS = 1000

/** Converts errors of the native half into those of this package. */
function refused (run) {
  try {
    return run()
  } catch (error) {
    throw new ArgumentError(error.message)
  }
}

function settingsOf (options) {
  only(options, OPTIONS)
  const { clock = 'system', startMs = 0, service = '', env = '' } = options
  return { clock, start_ms: startMs, service, env }
}

function wantedOf (options) {
  only(options, WANTED)
  const { minSeverity, ...lists } = options
  return { min_severity: minSeverity, ...lists }
}

/** Creates the native half of a detector. */
function made (options, make, config) {
  const settings = { ...settingsOf(options), config }
  return refused(() => withEncoded(settings, ARGUMENTS, false, make))
}

/** An existing native half, which the constructor takes in place of options. */
class Made {
  constructor (detector, clock, diagnostics = null) {
    this.detector = detector
    this.clock = clock
    this.diagnostics = diagnostics
  }
}

let openInbox

/** A detector of account takeover, for applications and operators. */
class Detector {
  #native
  #diagnostics = null
  #ticking
  /** The functions that deliver queued notifications, by the number of the subscription. */
  #subscribers = new Map()

  constructor (config, options = {}) {
    this.#native = options instanceof Made
      ? options.detector
      : made(options, (settings) => new native.NativeDetector(settings))
    if (options instanceof Made) this.#diagnostics = options.diagnostics
    if (config !== undefined && config !== null) this.#diagnostics = this.apply('config', config)
    if ((options.clock ?? 'system') === 'system') tickByItself(this)
  }

  static restore (snapshot, config, options = {}) {
    const detector = made(options, (settings) => native.NativeDetector.restore(settings, snapshot), config)
    // Restoring needs the rules of the configuration, which is applied again for its diagnostics.
    return new Detector(config, new Made(detector, options.clock))
  }

  /** The diagnostics of `config`; null without one. */
  get diagnostics () {
    return this.#diagnostics
  }

  event (event) {
    return this.#judge('event', event)
  }

  assess (attempt) {
    return this.#judge('assess', attempt)
  }

  get timeMs () {
    return this.#call('time').time_ms
  }

  tick () {
    this.#call('tick')
    this.#deliver()
  }

  /** The same beside the event loop, as rules that are made of an attack take time to build. */
  async tickLater () {
    this.#ticking ??= this.#native.tickLater().finally(() => { this.#ticking = undefined })
    await this.#ticking
    this.#deliver()
  }

  advance (toMs) {
    this.#call('advance', { to_ms: toMs })
    this.#deliver()
  }

  apply (path, document) {
    const diagnostics = withEncoded(document, WHOLE, true, (bytes) => this.#native.apply(String(path), bytes))
    return diagnosticsOf(JSON.parse(diagnostics))
  }

  remove (path) {
    return this.#call('remove', { path }).removed
  }

  signals (query = {}) {
    only(query, QUERY)
    const { minSeverity, ...rest } = query
    return this.#call('signals', { min_severity: minSeverity, ...rest }).signals
  }

  signal (id) {
    return this.#call('signal', { id }).signal
  }

  resolve (id, how) {
    return this.#call('resolve', { id, how }).found
  }

  defineCluster (signal, cluster, items) {
    return this.#call('define_cluster', { signal, cluster, items }).cluster
  }

  explore (signal, cluster) {
    return this.#call('explore', { signal, cluster }).hours
  }

  isolate (signal) {
    return this.#call('isolate', { signal })
  }

  /** Exports a file about a signal, as an iterator over its pieces; null if the signal does not exist. */
  export (id, file) {
    const found = refused(() => this.#native.export(String(id), String(file)))
    return found === null ? null : pieces(found)
  }

  block (whom) {
    return this.#call('block', whom).block
  }

  unblock (whom) {
    return this.#call('unblock', whom).count
  }

  extend (whom, seconds) {
    return this.#call('extend', { ...whom, seconds }).count
  }

  blocks ({ skip, limit } = {}) {
    return this.#call('blocks', { skip, limit }).blocks
  }

  audit () {
    return this.#call('audit').audit
  }

  exportRulesData (maxChunk) {
    return this.#call('export_rules_data', { max_chunk: maxChunk }).documents
  }

  health () {
    return this.#call('health')
  }

  forget (whom) {
    this.#call('forget', whom)
  }

  snapshot () {
    return this.#native.snapshot()
  }

  /** Adds a subscriber, which `tick` and `advance` call. Returns the number for `unsubscribe`. */
  subscribe (callback, wanted = {}) {
    if (typeof callback !== 'function') throw new ArgumentError('the callback must be a function')
    const inbox = this.#open(wanted, () => {
      for (let notification; (notification = inbox.take()) !== null;) {
        try {
          callback(JSON.parse(notification))
        } catch (error) {
          process.emitWarning(`a subscriber of account takeover failed: ${error?.stack ?? error}`, 'BartizanWarning')
        }
      }
    })
    return inbox.subscription
  }

  unsubscribe (subscription) {
    this.#subscribers.delete(subscription)
    return this.#call('unsubscribe', { subscription }).found
  }

  /** Opens a queue of notifications; `deliver` is called when there may be some. */
  #open (wanted, deliver) {
    const wish = wantedOf(wanted)
    const inbox = refused(() => withEncoded(wish, ARGUMENTS, false, (bytes) => this.#native.inbox(bytes)))
    this.#subscribers.set(inbox.subscription, deliver)
    return inbox
  }

  #deliver () {
    for (const deliver of this.#subscribers.values()) deliver()
  }

  /** Processes an event or an attempt, whose contents never cause an error. */
  #judge (name, given) {
    return withEncoded(given, ARGUMENTS, false, (bytes) => JSON.parse(this.#native.call(name, bytes)))
  }

  #call (name, args = {}) {
    const result = withEncoded(args, ARGUMENTS, false, (bytes) => JSON.parse(this.#native.call(name, bytes)))
    if (result.error !== undefined) throw new ArgumentError(result.error)
    return result
  }

  static {
    openInbox = (detector, wanted, deliver) => detector.#open(wanted, deliver)
  }
}

function * pieces (file) {
  for (let piece; (piece = file.next()) !== null;) yield piece
}

/** Wraps the detector of an engine. */
function detectorOf (detector, clock, diagnostics) {
  return new Detector(undefined, new Made(detector, clock, diagnostics))
}

// The detectors with a system clock. A timer ticks them, since there may be neither events nor requests that do. It does not
// keep the process running.
const detectors = new Set()
let timer

function tickByItself (detector) {
  detectors.add(new WeakRef(detector))
  timer ??= setInterval(tickAll, SECOND_MS).unref()
}

function tickAll () {
  for (const reference of detectors) {
    const detector = reference.deref()
    if (detector === undefined) detectors.delete(reference)
    else detector.tickLater()
  }
}

module.exports = { Detector, detectorOf, openInbox }
