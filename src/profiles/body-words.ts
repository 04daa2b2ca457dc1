// What messages call the environment's settings, in the words of a profile's body.

/** No name holds another. */
const WORDS: readonly (readonly [setting: RegExp, key: string])[] = [
  [/\bPOWERSCHOOL_URL\b/g, 'dataProvider.connectionUrl'],
  [/\bPOWERSCHOOL_CLIENT_ID\b/g, 'dataProvider.clientId'],
  [/\bPOWERSCHOOL_CLIENT_SECRET\b/g, 'dataProvider.clientSecret'],
  [/\bPOWERSCHOOL_TEMPLATE\b/g, 'template'],
  [/\bPOWERSCHOOL_CONCURRENCY\b/g, 'concurrency'],
  [/\bPOWERSCHOOL_MIN_INTERVAL_MS\b/g, 'minIntervalMs'],
  [/\bthe setting SCHOOLS\b/g, 'dataProvider.schoolsIds'],
  [/\bSCHOOL_YEAR\b/g, 'dataProvider.schoolYear'],
]

/** Whoever made the profile by the admin API knows no other words. */
export function inBodyWords(text: string): string {
  return WORDS.reduce((told, [setting, key]) => told.replaceAll(setting, key), text)
}
