namespace DaprShop.Members;

/// <summary>
/// Failed sign-ins in a row. After a few free ones each further attempt has to wait, twice as long every time up to a minute, and all is
/// forgotten after a quiet quarter of an hour: guessing becomes useless, and nobody is locked out for good.
/// </summary>
/// <param name="Count">Failures since the last success or quiet time.</param>
/// <param name="Last">When the latest was.</param>
public sealed record Failures(int Count, DateTimeOffset Last)
{
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan ForgottenAfter = TimeSpan.FromMinutes(15);

    public static Failures None { get; } = new(0, DateTimeOffset.MinValue);

    /// <summary>How long to wait before the next attempt; zero when it may come now.</summary>
    /// <param name="free">How many failures cost nothing.</param>
    /// <param name="now">The time.</param>
    public TimeSpan Wait(int free, DateTimeOffset now)
    {
        if (Count < free || now - Last >= ForgottenAfter) return TimeSpan.Zero;
        var pause = TimeSpan.FromSeconds(Math.Min(LongestWait.TotalSeconds, Math.Pow(2, Math.Min(Count - free, 10))));
        var left = Last + pause - now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    public Failures Add(DateTimeOffset now) => new(now - Last >= ForgottenAfter ? 1 : Math.Min(Count + 1, 1_000), now);
}

/// <summary>
/// The failed sign-ins of one account: document <c>throttle/account/{key}</c>, kept for unknown e-mail addresses too, so that they answer
/// alike. Client addresses that have signed in before are counted each on their own and all strangers together: an attacker far away
/// slows down strangers, not the member at home.
/// </summary>
public sealed record AccountThrottle(Failures Strangers, IReadOnlyList<KnownAddress> Known)
{
    public const int FreeFailures = 5;
    public const int MaxKnown = 5;

    public static AccountThrottle None { get; } = new(Failures.None, []);

    /// <summary>How long the document matters.</summary>
    public TimeSpan KeepFor => Known.Count > 0 ? TimeSpan.FromDays(90) : TimeSpan.FromHours(1);

    public TimeSpan Wait(string address, DateTimeOffset now, int free = FreeFailures) => FailuresOf(address).Wait(free, now);

    /// <summary>An attempt counts as failed from the moment it starts; <see cref="Succeed"/> takes it back.</summary>
    public AccountThrottle Attempt(string address, DateTimeOffset now) => IsKnown(address)
        ? this with { Known = [.. Known.Select(known => known.Address == address ? known.Fail(now) : known)] }
        : this with { Strangers = Strangers.Add(now) };

    /// <summary>The right password: the address is known from now on, and its failures are forgiven.</summary>
    public AccountThrottle Succeed(string address)
    {
        var others = Known.Where(known => known.Address != address).TakeLast(MaxKnown - 1);
        return new AccountThrottle(IsKnown(address) ? Strangers : Failures.None, [.. others, new KnownAddress(address, Failures.None)]);
    }

    private bool IsKnown(string address) => Known.Any(known => known.Address == address);

    private Failures FailuresOf(string address) => Known.FirstOrDefault(known => known.Address == address)?.Failures ?? Strangers;
}

/// <param name="Address">A hash of the client address.</param>
public sealed record KnownAddress(string Address, Failures Failures)
{
    public KnownAddress Fail(DateTimeOffset now) => this with { Failures = Failures.Add(now) };
}

/// <summary>
/// The failed sign-ins from one client address, whatever the account: document <c>throttle/address/{hash}</c>, by
/// <see cref="ClientAddress.Key"/>.
/// </summary>
public sealed record AddressThrottle(Failures Failures)
{
    /// <summary>More than for an account: many people may share an address.</summary>
    public const int FreeFailures = 20;

    public static readonly TimeSpan KeepFor = TimeSpan.FromHours(1);

    public static AddressThrottle None { get; } = new(Failures.None);

    public TimeSpan Wait(DateTimeOffset now, int free = FreeFailures) => Failures.Wait(free, now);

    /// <summary>An attempt counts as failed from the moment it starts; <see cref="TakeBack"/> takes it back.</summary>
    public AddressThrottle Attempt(DateTimeOffset now) => new(Failures.Add(now));

    /// <summary>The attempt was none of the failures: all is as if it had not been, but for others that have come since.</summary>
    /// <param name="attempt">What <see cref="Attempt"/> made of <paramref name="before"/>.</param>
    /// <param name="before">What was before it.</param>
    public AddressThrottle TakeBack(AddressThrottle attempt, AddressThrottle before) =>
        this == attempt ? before : new(Failures with { Count = Math.Max(0, Failures.Count - 1) });
}
