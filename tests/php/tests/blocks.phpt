--TEST--
Addresses and users are blocked and unblocked; what is no address is refused
--EXTENSIONS--
bartizan
--FILE--
<?php
var_dump(bartizan\block(ip: '192.0.2.1', seconds: 60));
var_dump(bartizan\block(user: 'u-1'));
var_dump(bartizan\unblock(user: 'u-1'));
var_dump(bartizan\block(ip: 'nowhere'));
?>
--EXPECTF--
bool(true)
bool(true)
bool(true)

Warning: bartizan\block(): neither an IP address nor a network in %s on line %d
bool(false)
