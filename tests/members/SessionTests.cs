using CsCheck;

namespace DaprShop.Members.Tests;

public sealed class SessionTests
{
    private static readonly DateTimeOffset s_start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_token_works_once_and_its_replacement_next()
    {
        var (second, accepted) = Start().Rotate("1", "2", s_start, TimeSpan.Zero);
        Assert.True(accepted);
        Assert.True(second.Rotate("2", "3", s_start, TimeSpan.Zero).Accepted);
    }

    [Fact]
    public void A_used_token_ends_the_family_for_thief_and_owner()
    {
        var session = Start().Rotate("1", "2", s_start, TimeSpan.Zero).Session.Rotate("2", "3", s_start, TimeSpan.Zero).Session;
        var (revoked, accepted) = session.Rotate("1", "x", s_start, TimeSpan.Zero);
        Assert.False(accepted);
        Assert.True(revoked.Revoked);
        Assert.False(revoked.Rotate("3", "4", s_start, TimeSpan.Zero).Accepted);
    }

    [Fact]
    public void Replicas_of_a_service_may_come_late_for_a_short_while_and_nobody_else()
    {
        var once = Start().Rotate("1", "2", s_start, TimeSpan.Zero).Session;
        Assert.True(once.Rotate("1", "x", s_start, TimeSpan.Zero).Session.Revoked);

        var (twice, accepted) = once.Rotate("1", "2'", s_start + TimeSpan.FromSeconds(29), Session.Grace);
        Assert.True(accepted);
        var (used, usable) = twice.Rotate("2'", "3", s_start + TimeSpan.FromMinutes(5), Session.Grace);
        Assert.True(usable);
        // The other replacement was not needed; if it comes now, somebody else has it.
        Assert.True(used.Rotate("2", "x", s_start + TimeSpan.FromMinutes(5), Session.Grace).Session.Revoked);
        Assert.True(once.Rotate("1", "x", s_start + Session.Grace, Session.Grace).Session.Revoked);
    }

    [Fact]
    public void A_token_expires_when_it_is_not_used_for_a_month()
    {
        Assert.True(Start().Rotate("1", "2", s_start + Session.Lifetime - TimeSpan.FromSeconds(1), TimeSpan.Zero).Accepted);
        Assert.False(Start().Rotate("1", "2", s_start + Session.Lifetime, TimeSpan.Zero).Accepted);
    }

    /// <summary>Presents any token ever issued, at any time, against a model that knows who descends from whom.</summary>
    [Fact]
    public void Only_the_newest_generation_works_and_an_older_one_ends_it()
    {
        var step = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 60], Gen.Bool);
        step.List[1, 40].Sample(steps =>
        {
            var (session, now, revoked) = (Start(), s_start, false);
            var generations = new List<List<string>> { new() { "1" } };
            string? spent = null;
            var spentAt = now;
            foreach (var (back, seconds, isService) in steps)
            {
                now += TimeSpan.FromSeconds(seconds);
                var generation = Math.Max(0, generations.Count - 1 - back);
                var secret = generations[generation][^1];
                var next = Guid.NewGuid().ToString();
                var live = generation == generations.Count - 1;
                var grace = isService ? Session.Grace : TimeSpan.Zero;
                var retry = secret == spent && now - spentAt < grace && generations[^1].Count < Session.MaxLive;

                (session, var accepted) = session.Rotate(secret, next, now, grace);

                Assert.Equal(!revoked && (live || retry), accepted);
                if (!accepted) revoked = true;
                else if (live) (spent, spentAt) = (secret, now);
                if (accepted && live) generations.Add([next]);
                else if (accepted) generations[^1].Add(next);
                Assert.Equal(revoked, session.Revoked);
            }
        });
    }

    [Fact]
    public void Tokens_are_random_parsed_strictly_and_silent()
    {
        var tokens = Enumerable.Range(0, 100).Select(_ => RefreshToken.Create()).ToList();
        Assert.Equal(100, tokens.Select(token => token.Secret).Distinct().Count());
        Assert.True(RefreshToken.TryParse(tokens[0].ToText(), out var parsed));
        Assert.Equal(tokens[0], parsed);
        Assert.DoesNotContain(tokens[0].Secret, $"{tokens[0]}", StringComparison.Ordinal);
        foreach (var bad in new[] { null, "", ".", "a.b", tokens[0].ToText() + "x", tokens[0].ToText()[1..],
            "||" + tokens[0].ToText()[2..] })
            Assert.False(RefreshToken.TryParse(bad, out _));
    }

    private static Session Start() => new("member-1", "key", 1, [Session.Hash("1")], s_start + Session.Lifetime);
}
