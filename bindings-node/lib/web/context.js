'use strict'

const sdk = require('../sdk')

/** Lets the listeners of an emitter run for this request, whoever reads from the connection. */
function keepContext (emitter, request) {
  const { emit } = emitter
  emitter.emit = (...args) => sdk.current() === request
    ? emit.apply(emitter, args)
    : sdk.run(request, () => emit.apply(emitter, args))
}

module.exports = { keepContext }
