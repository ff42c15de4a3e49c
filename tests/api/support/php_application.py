"""Debian's WordPress or MediaWiki on a shared host, with confab in the folder chat: Apache, PHP,
plain CGI and a database. Nothing of the plugins for confab is installed; a test does that."""

import os
import shutil
import subprocess
from pathlib import Path

from support.front import MODULES, NOBODY
from support.php_site import PHP_FILES, PhpCgi
from support.shared_host import SharedHost

PASSWORD = "correct horse battery"


class PhpApplication(PhpCgi, SharedHost):
    """Has a database of the application's name, in the instance's MariaDB; the user is front."""

    php_children = 4
    name = ""

    def __init__(self, system):
        super().__init__(system, "cgi")
        system.sql(f"CREATE DATABASE {self.name}; GRANT ALL ON {self.name}.* TO front@localhost")
        self.database_host = f"localhost:{system.state}/sock/db.sock"
        self.address = self.instance.url

    def _configure_apache(self, file, own):
        command = super()._configure_apache(file, own)
        load = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n"
                       for name in ("proxy", "proxy_fcgi"))
        file.write_text(file.read_text() + load + PHP_FILES.format(**own)
                        + "DirectoryIndex index.php index.html\n")
        return command

    def _let_in(self, system):
        super()._let_in(system)
        # Not only as root: the application needs a password.
        system.sql("CREATE USER IF NOT EXISTS front@localhost IDENTIFIED BY 'front'")

    def as_owner(self, *command, **more):
        """Runs a command as the user of the host, in the home folder."""
        other = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}
        done = subprocess.run(
            [str(word) for word in command], capture_output=True, text=True, timeout=120,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), **more.pop("env", {})},
            cwd=self.home, **other, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


class WordPress(PhpApplication):
    name = "wordpress"

    CONFIG = """<?php
define( 'DB_NAME', 'wordpress' );
define( 'DB_USER', 'front' );
define( 'DB_PASSWORD', 'front' );
define( 'DB_HOST', '{database_host}' );
define( 'DB_CHARSET', 'utf8mb4' );
define( 'DB_COLLATE', '' );
{salts}
$table_prefix = 'wp_';
define( 'WP_HOME', '{address}' );
define( 'WP_SITEURL', '{address}' );
// There is no internet, and no mail.
define( 'WP_HTTP_BLOCK_EXTERNAL', true );
define( 'WP_ACCESSIBLE_HOSTS', '127.0.0.1' );
define( 'AUTOMATIC_UPDATER_DISABLED', true );
define( 'DISABLE_WP_CRON', true );
defined( 'ABSPATH' ) || define( 'ABSPATH', __DIR__ . '/' );
require_once ABSPATH . 'wp-settings.php';
"""
    # As WordPress writes it for readable addresses.
    HTACCESS = """
RewriteEngine On
RewriteRule .* - [E=HTTP_AUTHORIZATION:%{HTTP:Authorization}]
RewriteBase /
RewriteRule ^index\\.php$ - [L]
RewriteCond %{REQUEST_FILENAME} !-f
RewriteCond %{REQUEST_FILENAME} !-d
RewriteRule . /index.php [L]
"""
    SALTS = ["AUTH_KEY", "SECURE_AUTH_KEY", "LOGGED_IN_KEY", "NONCE_KEY", "AUTH_SALT",
             "SECURE_AUTH_SALT", "LOGGED_IN_SALT", "NONCE_SALT"]

    INSTALL = """
define('WP_INSTALLING', true);
function wp_mail(...$args) { return true; }
require 'public_html/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('A site', 'admin', 'admin@example.org', true, '', getenv('PASSWORD'));
"""

    def _lay_out(self, system):
        super()._lay_out(system)
        shutil.copytree("/usr/share/wordpress", self.home / "public_html", dirs_exist_ok=True)
        salts = "\n".join(f"define( '{name}', '{os.urandom(24).hex()}' );" for name in self.SALTS)
        (self.home / "public_html" / ".htaccess").write_text(self.HTACCESS)
        (self.home / "public_html" / "wp-config.php").write_text(self.CONFIG.format(
            address=self.instance.url, salts=salts,
            database_host=f"localhost:{system.state}/sock/db.sock"))

    def prepare(self):
        self.as_owner("php", "-r", self.INSTALL, env={"PASSWORD": PASSWORD})


class MediaWiki(PhpApplication):
    """In the folder wiki, as links to the files of the package, like Debian's own layout."""

    name = "mediawiki"

    def _lay_out(self, system):
        super()._lay_out(system)
        wiki = self.home / "public_html" / "wiki"
        for folder in ("extensions", "images", "cache"):
            (wiki / folder).mkdir(parents=True)
        package = Path("/usr/share/mediawiki")
        for file in package.iterdir():
            # Not those that Debian keeps in /var/lib.
            if not file.is_symlink():
                (wiki / file.name).symlink_to(file)

    def _configure_apache(self, file, own):
        command = super()._configure_apache(file, own)
        file.write_text(f"{file.read_text()}SetEnv MW_INSTALL_PATH {self.home}/public_html/wiki\n")
        return command

    def prepare(self):
        wiki = self.home / "public_html" / "wiki"
        self.as_owner(
            "php", wiki / "maintenance" / "install.php", "--dbtype", "mysql", "--dbname",
            "mediawiki", "--dbserver", self.database_host, "--dbuser", "front", "--dbpass", "front",
            "--installdbuser", "front", "--installdbpass", "front", "--scriptpath", "/wiki",
            "--server", self.address, "--confpath", wiki, "--pass", PASSWORD, "A wiki", "Admin",
            env={"MW_INSTALL_PATH": str(wiki)})
        # Debian's is a folder of the system.
        with (wiki / "LocalSettings.php").open("a") as file:
            file.write('$wgCacheDirectory = "$IP/cache";\n')


KINDS = {"wordpress": WordPress, "mediawiki": MediaWiki}
