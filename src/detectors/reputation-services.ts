/**
 * Registrable domains of services that are asked about files, addresses and domains by DNS: the
 * names carry data by design. Of their public documentation; add those of your own products.
 */
export const reputationServices = [
  'abuseat.org',
  'barracudacentral.org',
  'cymru.com',
  'e5.sk',
  'mcafee.com',
  'senderbase.org',
  'sorbs.net',
  'sophosxl.net',
  'spamcop.net',
  'spamhaus.net',
  'spamhaus.org',
  'surbl.org',
  'trendmicro.com',
  'uribl.com',
]
