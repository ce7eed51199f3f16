using System.Text;
using System.Xml.Linq;
using DaprShop.Common;
using Microsoft.AspNetCore.DataProtection.XmlEncryption;

namespace DaprShop.Web.Session;

/// <summary>Data Protection's keys as they lie in the store: sealed under the secret <see cref="Setting"/>.</summary>
public sealed class SealedKeys(KeyProtection protection) : IXmlEncryptor
{
    public const string Setting = "Web:KeyProtection";

    private const string Element = "sealed";

    public EncryptedXmlInfo Encrypt(XElement plaintextElement) => new(
        new XElement(Element, protection.Protect(Encoding.UTF8.GetBytes(plaintextElement.ToString(SaveOptions.DisableFormatting)), Element)),
        typeof(Opener));

    /// <summary>The framework makes it, from what the store says that a key was sealed with.</summary>
    public sealed class Opener(IServiceProvider services) : IXmlDecryptor
    {
        public XElement Decrypt(XElement encryptedElement) =>
            services.GetRequiredService<KeyProtection>().Unprotect(encryptedElement.Value, Element) is { } opened
                ? XElement.Parse(Encoding.UTF8.GetString(opened))
                : throw new InvalidOperationException($"A key in the store was sealed under another {Setting}.");
    }
}
