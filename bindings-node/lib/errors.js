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

module.exports = { ConfigurationError, ArgumentError }
