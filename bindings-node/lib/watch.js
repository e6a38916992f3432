'use strict'

// Who watches an engine: the log, hooks of the application, and the current span of OpenTelemetry.

const { debuglog } = require('node:util')
const { ArgumentError, kindOf } = require('./errors')

const HOOKS = ['onEvent', 'onBlock', 'onLog']
const debug = debuglog('bartizan')

/** The log and the hooks of an engine. */
class Watch {
  #telling = false

  constructor (hooks) {
    for (const name of HOOKS) {
      const hook = hooks[name] ?? undefined
      if (hook !== undefined && typeof hook !== 'function') {
        throw new ArgumentError(`the setting \`${name}\` must be a function, not ${kindOf(hook)}`)
      }
      this[name] = hook
    }
  }

  /** Logs lines and calls hooks. Within a hook, no hook is called. */
  tell (notices) {
    for (const { record, line } of notices) {
      if (line !== null) {
        debug('%s', line)
        this.#call(this.onLog, line)
      }
      this.#call(record.event === 'block' ? this.onBlock : this.onEvent, record)
    }
  }

  /** The application that is served learns nothing of what a hook throws, at once or later. */
  #call (hook, argument) {
    if (hook === undefined || this.#telling) return
    this.#telling = true
    try {
      const result = hook(argument)
      if (typeof result?.then === 'function') Promise.resolve(result).catch(failed)
    } catch (error) {
      failed(error)
    } finally {
      this.#telling = false
    }
  }
}

function failed (error) {
  process.emitWarning(`a hook failed: ${error?.stack ?? error}`, 'BartizanWarning')
}

let api

/** The span that records at present; undefined where there is none, or the API is not installed. */
function currentSpan () {
  if (api === undefined) {
    try {
      api = require('@opentelemetry/api')
    } catch {
      api = null
    }
  }
  const span = api?.trace.getActiveSpan()
  return span?.isRecording() ? span : undefined
}

/** Settings without the hooks, which are not for the engine. */
function withoutHooks (settings) {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !HOOKS.includes(name)))
}

module.exports = { Watch, currentSpan, withoutHooks }
