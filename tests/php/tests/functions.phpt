--TEST--
The functions have the signatures of the tracer, and do nothing outside of a request
--EXTENSIONS--
bartizan
--FILE--
<?php
foreach (get_extension_funcs('bartizan') as $name) {
    $function = new ReflectionFunction($name);
    $parameters = array_map(
        fn ($parameter) => "{$parameter->getType()} \${$parameter->getName()}" . ($parameter->isOptional() ? '?' : ''),
        $function->getParameters(),
    );
    echo $function->getName(), '(', implode(', ', $parameters), ")\n";
}
$loop = [];
$loop['self'] = &$loop;
DDTrace\set_user('u-1', ['loop' => $loop, 'object' => new stdClass()]);
datadog\appsec\track_user_login_failure_event(null, false);
try {
    datadog\appsec\v2\track_user_login_success('bob', new stdClass());
} catch (TypeError $error) {
    echo $error->getMessage(), "\n";
}
?>
--EXPECT--
DDTrace\set_user(string $userId, array $metadata?, ?bool $propagate?)
datadog\appsec\track_user_login_success_event(string $userId, array $metadata?)
datadog\appsec\track_user_login_failure_event(?string $userId, bool $exists, array $metadata?)
datadog\appsec\track_user_signup_event(string $userId, array $metadata?)
datadog\appsec\track_custom_event(string $eventName, array $metadata?)
datadog\appsec\v2\track_user_login_success(string $login, array|string|null $user?, array $metadata?)
datadog\appsec\v2\track_user_login_failure(string $login, bool $exists, array $metadata?)
datadog\appsec\v2\track_user_signup(string $login, array|string|null $user?, array $metadata?)
datadog\appsec\v2\track_custom_event(string $eventName, array $metadata?)
bartizan\block(?string $ip?, ?string $user?, ?int $seconds?)
bartizan\unblock(?string $ip?, ?string $user?)
datadog\appsec\v2\track_user_login_success(): Argument #2 ($user) must be of type array|string|null, stdClass given
