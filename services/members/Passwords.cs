using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Cryptography.KeyDerivation;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace DaprShop.Members;

/// <summary>
/// Password hashes (ASP.NET Core Identity's hasher: PBKDF2-HMAC-SHA512, the iterations OWASP recommends). Hashing is slow on purpose, so
/// only a few run at once, on the thread pool, and a short queue waits: a flood of sign-ins cannot take the machine.
/// </summary>
public sealed class Passwords : IDisposable
{
    public const int MinLength = 8;
    public const int MaxLength = 128;

    private static readonly object s_nobody = new();

    private readonly PasswordHasher<object> _hasher;
    private readonly SemaphoreSlim _places;
    private readonly SemaphoreSlim _running;
    private readonly string _nobodys;

    /// <param name="configuration"><c>Passwords:Iterations</c>, <c>Passwords:AtOnce</c>, <c>Passwords:Queue</c>.</param>
    public Passwords(IConfiguration configuration)
    {
        var iterations = configuration.GetValue("Passwords:Iterations", 210_000);
        _hasher = new PasswordHasher<object>(Options.Create(new PasswordHasherOptions { IterationCount = iterations }));
        _nobodys = NobodysHash(iterations);
        var atOnce = configuration.GetValue("Passwords:AtOnce", Math.Max(1, Environment.ProcessorCount / 2));
        _running = new SemaphoreSlim(atOnce);
        _places = new SemaphoreSlim(atOnce + configuration.GetValue("Passwords:Queue", 128));
    }

    /// <summary>Takes a place among those who hash or wait until they may.</summary>
    /// <exception cref="BusyException">There is none left.</exception>
    public Place Enter() => _places.Wait(0) ? new Place(this) : throw new BusyException();

    public void Dispose()
    {
        _places.Dispose();
        _running.Dispose();
    }

    /// <summary>A hash in Identity's third format (marker, PRF, iterations, salt length, salt, key) for no known password.</summary>
    private static string NobodysHash(int iterations)
    {
        const int SaltLength = 16, KeyLength = 32;
        var hash = new byte[13 + SaltLength + KeyLength];
        hash[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(1), (uint)KeyDerivationPrf.HMACSHA512);
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(5), (uint)iterations);
        BinaryPrimitives.WriteUInt32BigEndian(hash.AsSpan(9), SaltLength);
        RandomNumberGenerator.Fill(hash.AsSpan(13));
        return Convert.ToBase64String(hash);
    }

    private async Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellation)
    {
        await _running.WaitAsync(cancellation);
        try
        {
            return await Task.Run(work, cancellation);
        }
        finally
        {
            _running.Release();
        }
    }

    /// <summary>Whoever has it gets to hash. Dispose of it to make room.</summary>
    public sealed class Place(Passwords passwords) : IDisposable
    {
        public Task<string> HashAsync(string password, CancellationToken cancellation) =>
            passwords.RunAsync(() => passwords._hasher.HashPassword(s_nobody, password), cancellation);

        /// <summary>Takes as long, and says no, when there is no such account.</summary>
        public async Task<PasswordVerificationResult> VerifyAsync(string? hash, string password, CancellationToken cancellation)
        {
            var result = await passwords.RunAsync(
                () => passwords._hasher.VerifyHashedPassword(s_nobody, hash ?? passwords._nobodys, password), cancellation);
            return hash is null ? PasswordVerificationResult.Failed : result;
        }

        public void Dispose() => passwords._places.Release();
    }
}

/// <summary>More sign-ins at once than this replica wants to hash.</summary>
public sealed class BusyException() : Exception("Too many passwords are waiting to be hashed.");
