'use strict'

const { DDWAF } = require('bartizan/native-appsec')

module.exports = { DDWAF }
