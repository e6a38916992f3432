--TEST--
A mistake in the settings is said at the start, and the application runs
--EXTENSIONS--
bartizan
--INI--
bartizan.mode=blok
--FILE--
<?php
var_dump(bartizan\block(ip: '192.0.2.1'));
?>
--EXPECTF--
%Abartizan%A
