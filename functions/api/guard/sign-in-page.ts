// The sign-in form: one page without a script, whose few lines of style are named by their hash.
import { hash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { securityHeaders } from './headers.ts'

const style = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
  main { max-width: 22rem; margin: 20vh auto 0; padding: 0 1rem }
  h1 { font-size: 1.25rem }
  input, button { font: inherit; box-sizing: border-box; width: 100%; padding: .5rem; margin-top: .5rem }
`

const styleHash = hash('sha256', style, 'base64')

/** Everybody else's policy, and this one style. */
export const signInPolicy = `${securityHeaders['content-security-policy']}; style-src 'sha256-${styleHash}'`

/** `to` is where the form leads; it is a path of this server. */
export function signInPage(to: string, complaint: string) {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Sign in: Freshet</title>
<style>${raw(style)}</style>
<main>
<h1>Freshet</h1>
<form method="post" action="/api/sign-in?to=${encodeURIComponent(to)}">
<label for="token">This server wants its token: it was set where the server was started.</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<p role="alert">${complaint}</p>
<button>Sign in</button>
</form>
<p><a href="${to}">Signed in already? Go on.</a></p>
</main>
</html>`
}
