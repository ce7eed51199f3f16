using CsCheck;
using Microsoft.Extensions.Configuration;

namespace DaprShop.Members.Tests;

public sealed class KeyRingTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly KeyTimes s_times = new(TimeSpan.FromDays(30), TimeSpan.FromHours(1));

    private int _made;

    [Fact]
    public void The_first_key_signs_at_once()
    {
        var ring = Advance(KeyRing.Empty, s_start);
        Assert.Equal(ring.Keys.Single(), ring.Signer(s_start));
        Assert.Same(ring, Advance(ring, s_start + TimeSpan.FromDays(29)));
    }

    [Fact]
    public void A_clock_that_is_behind_keeps_the_first_key()
    {
        var ring = Advance(KeyRing.Empty, s_start);
        Assert.Same(ring, Advance(ring, s_start - TimeSpan.FromMilliseconds(50)));
        Assert.Equal(ring.Keys[0], ring.Signer(s_start - TimeSpan.FromMilliseconds(50)));
    }

    [Fact]
    public void A_successor_is_published_first_then_signs_then_the_old_one_goes()
    {
        var ring = Advance(KeyRing.Empty, s_start);
        var old = ring.Keys[0];
        ring = Advance(ring, s_start + s_times.Rotation - s_times.PublishAhead);
        Assert.Equal(2, ring.Keys.Count);
        Assert.Equal(old, ring.Signer(s_start + s_times.Rotation - TimeSpan.FromSeconds(1)));
        Assert.Equal(ring.Keys[1], ring.Signer(s_start + s_times.Rotation));
        Assert.Equal(2, Advance(ring, s_start + s_times.Rotation + AccessTokens.Lifetime).Keys.Count);
        Assert.Equal([ring.Keys[1]], Advance(ring, s_start + s_times.Rotation + KeyTimes.PublishAfter).Keys);
    }

    [Fact]
    public void After_a_long_sleep_the_old_key_signs_until_the_new_one_is_known()
    {
        var ring = Advance(KeyRing.Empty, s_start);
        var now = s_start + TimeSpan.FromDays(365);
        var woken = Advance(ring, now);
        Assert.Equal(ring.Keys[0], woken.Signer(now));
        Assert.Equal(woken.Keys[1], woken.Signer(now + s_times.PublishAhead));
    }

    [Fact]
    public void A_signer_that_cannot_be_opened_is_replaced_at_once()
    {
        var ring = Advance(KeyRing.Empty, s_start);
        var replaced = ring.Advance(s_times, Create, key => key != ring.Keys[0], s_start);
        Assert.Equal(2, replaced.Keys.Count);
        Assert.Equal(replaced.Keys[1], replaced.Signer(s_start));
    }

    /// <summary>However seldom the ring is looked after, what signs was published long before, and stays as long as its tokens.</summary>
    [Fact]
    public void Every_token_can_be_checked_until_it_expires()
    {
        Gen.Int[1, 60 * 24 * 10].List[1, 60].Sample(minutes =>
        {
            var (ring, now) = (Advance(KeyRing.Empty, s_start), s_start);
            var published = new Dictionary<string, DateTimeOffset> { [ring.Keys[0].Kid] = DateTimeOffset.MinValue };
            var signedUntil = new Dictionary<string, DateTimeOffset>();
            foreach (var pause in minutes)
            {
                // A replica signs with the ring it knows until the next time it looks.
                for (var minute = 0; minute < pause; minute += 5)
                {
                    var at = now + TimeSpan.FromMinutes(minute);
                    var signer = ring.Signer(at)!.Kid;
                    Assert.True(at - published[signer] >= s_times.PublishAhead);
                    signedUntil[signer] = at + AccessTokens.Lifetime;
                }
                now += TimeSpan.FromMinutes(pause);
                ring = Advance(ring, now);
                foreach (var key in ring.Keys) published.TryAdd(key.Kid, now);
                Assert.All(signedUntil.Where(token => token.Value > now), token => Assert.Contains(ring.Keys, key => key.Kid == token.Key));
            }
            Assert.InRange(ring.Keys.Count, 1, 3);
        }, iter: 50);
    }

    [Fact]
    public void Times_that_do_not_fit_are_an_error_at_start()
    {
        var settings = new ConfigurationBuilder().AddInMemoryCollection([new("Keys:Rotation", "00:30:00")]).Build();
        Assert.Throws<InvalidOperationException>(() => KeyTimes.From(settings));
    }

    private KeyRing Advance(KeyRing ring, DateTimeOffset now) => ring.Advance(s_times, Create, _ => true, now);

    private SigningKey Create(DateTimeOffset signsFrom) => new($"key-{Interlocked.Increment(ref _made)}", signsFrom, "x", "y", "d");
}
