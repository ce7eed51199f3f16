using DaprShop.Common;
using Microsoft.AspNetCore.Identity;

namespace DaprShop.Members;

/// <summary>The one staff account: made at the first start; its password follows the configuration (<c>Shop:StaffPassword</c>).</summary>
public sealed class StaffAccount(MemberStore members, Passwords passwords, StaffPassword password, ILogger<StaffAccount> logger)
{
    private static readonly EmailAddress s_email = EmailAddress.Parse("staff@daprshop.example");

    public async Task EnsureAsync(CancellationToken cancellation)
    {
        var (account, etag) = await members.AccountAsync(s_email, cancellation);
        using var place = passwords.Enter();
        if (account is null)
        {
            var hash = await place.HashAsync(password.Value, cancellation);
            // Null when another replica was faster.
            await members.RegisterAsync(s_email, "Staff", Roles.Staff, hash, cancellation);
        }
        else if (await place.VerifyAsync(account.PasswordHash, password.Value, cancellation) is PasswordVerificationResult.Failed)
        {
            var hash = await place.HashAsync(password.Value, cancellation);
            var changed = account with { PasswordHash = hash, PasswordVersion = account.PasswordVersion + 1 };
            if (!await members.TrySaveAccountAsync(s_email, changed, etag, cancellation)) throw new ContendedException();
            logger.LogInformation("The staff password follows the configuration; staff sessions are over");
        }
    }
}

/// <summary>The configured password of the staff account.</summary>
public sealed class StaffPassword
{
    private const string DevelopmentDefault = "Staff-1234!";

    /// <exception cref="InvalidOperationException">Outside development it is missing, too short, or the development default.</exception>
    public StaffPassword(IConfiguration configuration, IHostEnvironment environment)
    {
        var configured = configuration["Shop:StaffPassword"];
        Value = configured is null or "" && environment.IsDevelopment() ? DevelopmentDefault : configured ?? "";
        var fault = Value switch
        {
            "" => "is required outside development",
            DevelopmentDefault when !environment.IsDevelopment() => "is the development default; choose another one",
            { Length: < Passwords.MinLength or > Passwords.MaxLength } =>
                $"must have {Passwords.MinLength} to {Passwords.MaxLength} characters",
            _ => null,
        };
        if (fault is not null) throw new InvalidOperationException($"Shop__StaffPassword {fault}.");
    }

    public string Value { get; }
}
