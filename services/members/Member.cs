namespace DaprShop.Members;

/// <summary>A member's profile: document <c>member/{id}</c>.</summary>
/// <param name="Role"><c>member</c> or <c>staff</c>.</param>
public sealed record Member(string Id, string Email, string DisplayName, string Locale, string Role, DateTimeOffset RegisteredAt);

/// <summary>
/// What signs a member in: document <c>account/{EmailAddress.Key}</c>. Made in one transaction with the profile and only if there is
/// none yet, which is what makes an e-mail address belong to one member.
/// </summary>
/// <param name="PasswordVersion">Grows with each change of the password; sessions of an older one are over.</param>
public sealed record Account(string MemberId, string Role, string PasswordHash, int PasswordVersion);

public static class Roles
{
    public const string Member = "member";
    public const string Staff = "staff";
}
