import { isoTime } from '../decode/clock.ts'
import { compact, type Fields, filled } from './ecs-parts.ts'
import { type Certificate } from './x509.ts'
import { type DistinguishedName } from './x509-name.ts'

/** `tls.server.*` of the server's own certificate. */
export function certificateFields(certificate: Certificate): Fields {
  const { subject, issuer, notBefore, notAfter, publicKey } = certificate
  return compact({
    subject: subject.text || undefined,
    issuer: issuer.text || undefined,
    not_before: notBefore,
    not_after: notAfter,
    hash: { sha1: certificate.sha1, sha256: certificate.sha256 },
    x509: compact({
      subject: nameFields(subject),
      issuer: nameFields(issuer),
      alternative_names: filled(certificate.alternativeNames),
      serial_number: certificate.serialNumber,
      version_number: `${certificate.version}`,
      not_before: notBefore,
      not_after: notAfter,
      public_key_algorithm: publicKey.algorithm,
      public_key_size: publicKey.size,
      public_key_curve: publicKey.curve,
      public_key_exponent: publicKey.exponent,
      signature_algorithm: certificate.signatureAlgorithm,
    }),
  })
}

function nameFields(name: DistinguishedName): Fields {
  return compact({
    distinguished_name: name.text || undefined,
    common_name: filled(name.commonName),
    country: filled(name.country),
    locality: filled(name.locality),
    organization: filled(name.organization),
    organizational_unit: filled(name.organizationalUnit),
    state_or_province: filled(name.stateOrProvince),
  })
}

/** Whether it was out of date at `time`, µs; texts of ISO 8601 sort by time. */
export function expired(certificate: Certificate | undefined, time: number): boolean | undefined {
  const end = certificate?.notAfter
  return end === undefined ? undefined : end < isoTime(time)
}
