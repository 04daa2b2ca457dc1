// The v1.1 scope that each operation asks for. Which scopes cover which is for whoever checks the token.

const PREFIX = 'https://purl.imsglobal.org/spec/or/v1p1/scope/'

export type Scope = 'core' | 'roster' | 'demographics'

/** Scope → its URL, as consumers ask for it. */
export const V1P1_SCOPES: Readonly<Record<Scope, string>> = {
  core: `${PREFIX}roster-core.readonly`,
  roster: `${PREFIX}roster.readonly`,
  demographics: `${PREFIX}roster-demographics.readonly`,
}
