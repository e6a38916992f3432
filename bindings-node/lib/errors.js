'use strict'

class ConfigurationError extends Error {
  constructor (message, diagnostics) {
    super(message)
    this.name = 'ConfigurationError'
    this.code = 'ERR_BARTIZAN_CONFIGURATION'
    this.diagnostics = diagnostics
  }
}

class ArgumentError extends TypeError {
  constructor (message) {
    super(message)
    this.name = 'ArgumentError'
    this.code = 'ERR_BARTIZAN_ARGUMENT'
  }
}

class DisposedError extends Error {
  constructor (message) {
    super(message)
    this.name = 'DisposedError'
    this.code = 'ERR_BARTIZAN_DISPOSED'
  }
}

class Blocked extends Error {
  constructor (message) {
    super(message)
    this.name = 'Blocked'
    this.code = 'ERR_BARTIZAN_BLOCKED'
  }
}

function kindOf (value) {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

/** A misspelt setting must not be ignored. */
function only (options, known) {
  if (typeof options !== 'object' || options === null) {
    throw new ArgumentError(`the settings must be an object, not ${kindOf(options)}`)
  }
  const misspelt = Object.keys(options).find((name) => !known.includes(name))
  if (misspelt !== undefined) {
    throw new ArgumentError(`unknown setting \`${misspelt}\`; the settings are ${known.join(', ')}`)
  }
}

/** The message for a configuration that is not an object, in terms of this language. */
function wrongDocument (config) {
  const wrong = typeof config !== 'object' || config === null || Array.isArray(config)
  return wrong ? `expected an object, as \`JSON.parse\` returns it, not ${kindOf(config)}` : undefined
}

/** Diagnostics have the form of libddwaf; the warnings beside them are not enumerated with its sections. */
function diagnosticsOf ({ warnings, ...sections }) {
  return Object.defineProperty(sections, 'warnings', { value: warnings })
}

/** Emits warnings about a configuration. */
function warn (doubts) {
  if (doubts !== '') process.emitWarning(doubts, { type: 'BartizanWarning', code: 'BARTIZAN_CONFIGURATION' })
}

module.exports = { ArgumentError, Blocked, ConfigurationError, DisposedError, diagnosticsOf, kindOf, only, warn, wrongDocument }
