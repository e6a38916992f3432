<?php
// An application for the tests: the path says what it does.

use datadog\appsec;
use datadog\appsec\v2;

switch (strtok($_SERVER['REQUEST_URI'], '?')) {
    case '/user':
        DDTrace\set_user('u-1', ['role' => 'admin']);
        break;
    case '/buffered':
        ob_start();
        // The rest is that of a page on its way.
    case '/written':
        echo 'secret';
        DDTrace\set_user('u-1');
        break;
    case '/login-v1':
        appsec\track_user_login_success_event('u-1', ['plan' => 'a']);
        break;
    case '/login-v2':
        v2\track_user_login_success('bob', ['id' => 'u-2', 'email' => 'bob@example.org'], ['plan' => 'a']);
        break;
    case '/failure-v1':
        appsec\track_user_login_failure_event('u-1', true);
        http_response_code(401);
        break;
    case '/failure-v2':
        v2\track_user_login_failure('bob', false, ['reason' => 'unknown']);
        http_response_code(401);
        break;
    case '/signup-v1':
        appsec\track_user_signup_event('u-3');
        break;
    case '/signup-v2':
        v2\track_user_signup('bob', 'u-3');
        break;
    case '/custom-v1':
        appsec\track_custom_event('order.sent', ['amount' => 12]);
        break;
    case '/custom-v2':
        v2\track_custom_event('order.sent');
        break;
    case '/missing':
        http_response_code(404);
        break;
    case '/block-user':
        exit(json_encode(bartizan\block(user: 'u-1')) . "\n");
    case '/unblock-user':
        exit(json_encode(bartizan\unblock(user: 'u-1')) . "\n");
    case '/block-address':
        exit(json_encode(bartizan\block(ip: '127.0.0.1', seconds: 60)) . "\n");
}
echo 'hello ', json_encode($_POST), "\n";
