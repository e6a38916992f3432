dnl How phpize configures the extension: the library is looked for below --with-bartizan=DIR, which has include and lib.

PHP_ARG_WITH([bartizan],
  [for protection by bartizan],
  [AS_HELP_STRING([--with-bartizan=DIR], [Protect requests by the library below DIR])])

if test "$PHP_BARTIZAN" != "no"; then
  test -f "$PHP_BARTIZAN/include/bartizan.h" || AC_MSG_ERROR([there is no include/bartizan.h below $PHP_BARTIZAN])
  PHP_ADD_INCLUDE([$PHP_BARTIZAN/include])
  PHP_ADD_LIBRARY_WITH_PATH([bartizan], [$PHP_BARTIZAN/lib], [BARTIZAN_SHARED_LIBADD])
  PHP_SUBST([BARTIZAN_SHARED_LIBADD])
  PHP_NEW_EXTENSION([bartizan], [module.c values.c request.c refusal.c events.c], [$ext_shared],, [-Wall -Wextra -Wno-unused-parameter])
fi
