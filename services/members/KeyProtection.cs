using System.Security.Cryptography;

namespace DaprShop.Members;

/// <summary>
/// Keeps the private parts of keys unreadable in the store: AES-256-GCM under <c>Members:KeyProtection</c> (32 bytes, base64), given as a
/// secret. Without it they are kept as they are, which is for development.
/// </summary>
public sealed class KeyProtection
{
    private const string Sealed = "aes256gcm:";
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly byte[]? _key;

    /// <exception cref="InvalidOperationException">The setting is not 32 bytes in base64.</exception>
    public KeyProtection(IConfiguration configuration)
    {
        if (configuration["Members:KeyProtection"] is not { Length: > 0 } setting) return;
        _key = new byte[32];
        if (!Convert.TryFromBase64String(setting, _key, out var length) || length != _key.Length)
            throw new InvalidOperationException("Members:KeyProtection must be 32 bytes in base64.");
    }

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
