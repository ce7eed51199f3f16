using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace DaprShop.Members;

/// <summary>
/// An e-mail address as HTML forms accept it (WHATWG "valid e-mail address"), with a dot in its domain. ASCII only: two addresses that
/// look alike are alike. It is kept as written and compared without regard to case.
/// </summary>
public sealed partial record EmailAddress
{
    public const int MaxLength = 254;

    private EmailAddress(string text) => Text = text;

    /// <summary>As written, for writing to.</summary>
    public string Text { get; }

    /// <summary>What makes it unique; see <see cref="KeyOf"/>.</summary>
    public string Key => KeyOf(Text);

    /// <summary>A hash of the lower-case text, an address or not: safe in keys, and silent about who it is.</summary>
    public static string KeyOf(string text) =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text.Trim().ToLowerInvariant())));

    public static bool TryParse(string? text, [NotNullWhen(true)] out EmailAddress? address)
    {
        var trimmed = text?.Trim();
        address = trimmed is { Length: <= MaxLength } && Pattern().IsMatch(trimmed) ? new EmailAddress(trimmed) : null;
        return address is not null;
    }

    /// <exception cref="FormatException">It is none.</exception>
    public static EmailAddress Parse(string text) =>
        TryParse(text, out var address) ? address : throw new FormatException("Not an e-mail address.");

    /// <summary>Addresses are personal: nothing that prints this one shows it.</summary>
    public override string ToString() => "(e-mail address)";

    [GeneratedRegex(
        @"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+"
            + @"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])\z",
        RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Pattern();
}
