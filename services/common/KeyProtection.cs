using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace DaprShop.Common;

/// <summary>
/// Keeps keys unreadable in a service's store: AES-256-GCM under a key of 32 bytes (base64) in the service's configuration, given as a
/// secret. Only in development may it be missing: they are then kept as they are.
/// </summary>
public sealed class KeyProtection
{
    private const string Sealed = "aes256gcm:";
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly byte[]? _key;

    /// <param name="configuration">The service's.</param>
    /// <param name="setting">E.g. <c>Members:KeyProtection</c>.</param>
    /// <param name="environment">Where the service runs.</param>
    /// <exception cref="InvalidOperationException">The setting is missing outside development, or not 32 bytes in base64.</exception>
    public KeyProtection(IConfiguration configuration, string setting, IHostEnvironment environment)
    {
        if (configuration[setting] is not { Length: > 0 } text)
        {
            if (environment.IsDevelopment()) return;
            throw Fault("is required outside development");
        }
        _key = new byte[32];
        if (!Convert.TryFromBase64String(text, _key, out var length) || length != _key.Length) throw Fault("must be 32 bytes in base64");

        InvalidOperationException Fault(string what) => new($"{setting.Replace(":", "__", StringComparison.Ordinal)} {what}.");
    }

    /// <summary>Whether there is a key.</summary>
    public bool IsOn => _key is not null;

    /// <param name="secret">What to hide.</param>
    /// <param name="name">Whose it is; it opens under this name only.</param>
    public string Protect(byte[] secret, string name)
    {
        if (_key is null) return Convert.ToBase64String(secret);
        var box = new byte[NonceSize + secret.Length + TagSize];
        var nonce = box.AsSpan(0, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagSize);
        aes.Encrypt(nonce, secret, box.AsSpan(NonceSize, secret.Length), box.AsSpan(NonceSize + secret.Length), Name(name));
        return Sealed + Convert.ToBase64String(box);
    }

    /// <summary>Null when it was sealed under another key, or another name.</summary>
    public byte[]? Unprotect(string text, string name)
    {
        if (!text.StartsWith(Sealed, StringComparison.Ordinal)) return Convert.FromBase64String(text);
        if (_key is null) return null;
        var box = Convert.FromBase64String(text[Sealed.Length..]);
        var secret = new byte[box.Length - NonceSize - TagSize];
        try
        {
            using var aes = new AesGcm(_key, TagSize);
            var (hidden, tag) = (box.AsMemory(NonceSize, secret.Length), box.AsMemory(NonceSize + secret.Length));
            aes.Decrypt(box.AsSpan(0, NonceSize), hidden.Span, tag.Span, secret, Name(name));
            return secret;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static byte[] Name(string name) => System.Text.Encoding.UTF8.GetBytes(name);
}
