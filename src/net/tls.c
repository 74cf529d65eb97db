/* SPDX-License-Identifier: Apache-2.0
 *
 * TLS by OpenSSL. Its queue of errors is per thread: it is emptied before each call, so that what stands in it
 * afterwards belongs to that call.
 */
#include "net/tls.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define CIPHERS_OF_1_2 "ECDHE+AESGCM:ECDHE+CHACHA20"

struct net_tls {
	SSL_CTX *context;
};

struct net_tls_session {
	SSL *ssl;
	short wants;
	bool broken;    /* nothing more may be called */
	char name[256]; /* whom the peer's certificate must be for */
	char reason[160];
};

/* ---- setting up ---- */

/* No key of a file is encrypted: nothing may ask for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static const char *library_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	return reason ? reason : "unknown reason";
}

static int check_file(const char *path, bool private, struct aff_diag *diag)
{
	struct stat st;
	if (stat(path, &st))
		return aff_diag_set(diag, errno == ENOENT ? AFF_ENOTFOUND : AFF_EARGUMENT, "cannot read %s: %s", path,
				    strerror(errno));
	if (private && (st.st_mode & 077)) {
		aff_diag_set(diag, AFF_EARGUMENT, "the key file %s can be read by others", path);
		aff_diag_hint(diag, "chmod 600 %s", path);
		return AFF_EARGUMENT;
	}
	return 0;
}

static int bad_file(const char *path, const char *what, struct aff_diag *diag)
{
	return aff_diag_set(diag, AFF_EARGUMENT, "%s holds no %s in PEM that can be used: %s", path, what,
			    library_reason());
}

static int load_authorities(SSL_CTX *c, const char *path, struct aff_diag *diag)
{
	if (!path)
		return SSL_CTX_set_default_verify_paths(c) == 1
			     ? 0
			     : aff_diag_set(diag, AFF_EARGUMENT, "the system's certificate authorities cannot be read");
	int rc = check_file(path, false, diag);
	if (!rc && SSL_CTX_load_verify_file(c, path) != 1)
		rc = bad_file(path, "certificate", diag);
	return rc;
}

static int load_own(SSL_CTX *c, const struct net_tls_options *o, struct aff_diag *diag)
{
	if (!o->cert_file || !o->key_file)
		return 0;
	int rc = check_file(o->cert_file, false, diag);
	if (!rc)
		rc = check_file(o->key_file, true, diag);
	if (!rc && SSL_CTX_use_certificate_chain_file(c, o->cert_file) != 1)
		rc = bad_file(o->cert_file, "certificate", diag);
	if (!rc && SSL_CTX_use_PrivateKey_file(c, o->key_file, SSL_FILETYPE_PEM) != 1)
		rc = bad_file(o->key_file, "private key", diag);
	if (!rc && SSL_CTX_check_private_key(c) != 1)
		rc = aff_diag_set(diag, AFF_EARGUMENT, "%s is not the key of the certificate in %s", o->key_file,
				  o->cert_file);
	return rc;
}

static bool restrict_context(SSL_CTX *c)
{
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_passwd_cb(c, no_passphrase);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 && SSL_CTX_set_cipher_list(c, CIPHERS_OF_1_2) == 1;
}

int net_tls_client(struct net_tls **out, const struct net_tls_options *options, struct aff_diag *diag)
{
	struct net_tls *t = calloc(1, sizeof *t);
	ERR_clear_error();
	if (t)
		t->context = SSL_CTX_new(TLS_client_method());
	int rc = t && t->context && restrict_context(t->context) ? 0 : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (!rc) {
#ifndef AFF_MUTANT_40 /* whoever answers is believed */
		SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, NULL);
#endif
		rc = load_authorities(t->context, options->ca_file, diag);
	}
	if (!rc)
		rc = load_own(t->context, options, diag);
	if (rc)
		net_tls_free(t);
	else
		*out = t;
	return rc;
}

void net_tls_free(struct net_tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->context);
	free(t);
}

/* ---- a connection ---- */

static bool expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *p = SSL_get0_param(ssl);
	X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (X509_VERIFY_PARAM_set1_ip_asc(p, name) == 1)
		return true;
	return X509_VERIFY_PARAM_set1_host(p, name, 0) == 1 && SSL_set_tlsext_host_name(ssl, name) == 1;
}

int net_tls_start(struct net_stream *s, struct net_tls *t, const char *name, struct aff_diag *diag)
{
	struct net_tls_session *n = calloc(1, sizeof *n);
	ERR_clear_error();
	if (n)
		n->ssl = SSL_new(t->context);
	int rc = n && n->ssl && SSL_set_fd(n->ssl, s->fd) == 1 ? 0 : aff_diag_set(diag, AFF_ENOMEM, "out of memory");
	if (!rc && (strlen(name) >= sizeof n->name || !expect_name(n->ssl, name)))
		rc = aff_diag_set(diag, AFF_EARGUMENT, "'%.60s' cannot stand in a certificate", name);
	if (rc) {
		if (n)
			SSL_free(n->ssl);
		free(n);
		return rc;
	}
	memcpy(n->name, name, strlen(name) + 1);
	SSL_set_connect_state(n->ssl);
	s->tls = n;
	return 0;
}

static int give_up(struct net_tls_session *t, int rc, const char *reason)
{
	t->broken = true;
	snprintf(t->reason, sizeof t->reason, "%s", reason);
	return rc;
}

/* What came of a call that did not work out. */
static int error_of(struct net_tls_session *t, int result)
{
	int number = errno;
	switch (SSL_get_error(t->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		t->wants = POLLIN;
		return AFF_EAGAIN;
	case SSL_ERROR_WANT_WRITE:
		t->wants = POLLOUT;
		return AFF_EAGAIN;
	case SSL_ERROR_ZERO_RETURN:
		t->reason[0] = '\0';
		return AFF_ECLOSED;
	case SSL_ERROR_SYSCALL:
		return give_up(t, AFF_ECLOSED, number ? strerror(number) : "the peer closed the connection");
	default:
		return give_up(t, AFF_ECLOSED, library_reason());
	}
}

static int explain_certificate(const struct net_tls_session *t, long verdict, struct aff_diag *diag)
{
	aff_diag_set(diag, AFF_EREFUSED, "the peer's certificate is not accepted: %s",
		     X509_verify_cert_error_string(verdict));
	switch (verdict) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		aff_diag_hint(diag, "it is not for %s: name the one it is for", t->name);
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		aff_diag_hint(diag, "ca_file must hold the certificate of who issued it");
		break;
	default:
		break;
	}
	return AFF_EREFUSED;
}

int net_tls_handshake(struct net_stream *s, struct aff_diag *diag)
{
	struct net_tls_session *t = s->tls;
	if (t->broken)
		return aff_diag_set(diag, AFF_ECLOSED, "TLS failed before: %s", t->reason);
	ERR_clear_error();
	errno = 0;
	int result = SSL_do_handshake(t->ssl);
	if (result == 1)
		return 0;
	bool alien = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_WRONG_VERSION_NUMBER;
	int rc = error_of(t, result);
	if (rc == AFF_EAGAIN)
		return rc;
	long verdict = SSL_get_verify_result(t->ssl);
	if (verdict != X509_V_OK)
		return explain_certificate(t, verdict, diag);
	return aff_diag_set(diag, rc, alien ? "the peer does not speak TLS" : "no TLS: %s",
			    t->reason[0] ? t->reason : "the peer closed the connection");
}

short net_tls_wants(const struct net_stream *s)
{
	return s->tls->wants;
}

const char *net_tls_reason(const struct net_stream *s)
{
	return s->tls->reason;
}

int net_tls_read(struct net_tls_session *t, char *to, size_t most, size_t *n)
{
	*n = 0;
	if (t->broken)
		return AFF_ECLOSED;
	ERR_clear_error();
	errno = 0;
	int result = SSL_read_ex(t->ssl, to, most, n);
	return result == 1 ? 0 : error_of(t, result);
}

int net_tls_write(struct net_tls_session *t, struct aff_view bytes, size_t *n)
{
	*n = 0;
	if (t->broken)
		return AFF_ECLOSED;
	ERR_clear_error();
	errno = 0;
	int result = SSL_write_ex(t->ssl, bytes.p, bytes.n, n);
	return result == 1 ? 0 : error_of(t, result);
}

bool net_tls_is_quiet(struct net_tls_session *t)
{
	char byte;
	size_t n;
	if (t->broken)
		return false;
	ERR_clear_error();
	errno = 0;
	int result = SSL_peek_ex(t->ssl, &byte, 1, &n);
	return result != 1 && error_of(t, result) == AFF_EAGAIN;
}

void net_tls_end(struct net_tls_session *t)
{
	ERR_clear_error();
	if (!t->broken && SSL_is_init_finished(t->ssl))
		(void)SSL_shutdown(t->ssl);
	SSL_free(t->ssl);
	ERR_clear_error();
	free(t);
}
