using System.Net;
using System.Security.Claims;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;

namespace DaprShop.Common.Tests;

public sealed class AuthTests : IAsyncLifetime
{
    private readonly TestKeys _keys = new();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UtcNow);
    private TestService _service = null!;

    public async ValueTask InitializeAsync() => _service = await TestService.StartAsync(
        app =>
        {
            app.MapGet("/me", (ClaimsPrincipal user) => user.MemberId()).RequireAuthorization();
            app.MapGet("/staff", () => "staff").RequireAuthorization(ShopAuth.StaffPolicy);
        },
        _keys, _clock);

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task A_member_is_known_by_the_subject()
    {
        var text = await Send("/me", _keys.Token("member-7"));
        Assert.Equal((HttpStatusCode.OK, "\"member-7\""), text);
    }

    [Fact]
    public async Task The_staff_role_opens_staff_paths_and_no_other_role_does()
    {
        Assert.Equal(HttpStatusCode.OK, (await Send("/staff", _keys.Token(role: "staff"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await Send("/staff", _keys.Token(role: "member"))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send("/staff", token: null)).Status);
    }

    public static TheoryData<string> Forgeries => ["unsigned", "foreign key", "issuer", "audience", "expired", "tampered", "garbage", "huge"];

    [Theory, MemberData(nameof(Forgeries))]
    public async Task A_forged_or_expired_token_is_401(string forgery)
    {
        var good = _keys.Token();
        var token = forgery switch
        {
            "unsigned" => "eyJhbGciOiJub25lIn0." + good.Split('.')[1] + ".",
            "foreign key" => _keys.Token(key: new TestKeys().Current),
            "issuer" => _keys.Token(issuer: "someone-else"),
            "audience" => _keys.Token(audience: "another-shop"),
            "expired" => _keys.Token(lifetime: TimeSpan.FromMinutes(-5)),
            "tampered" => good.Split('.') is [var head, var body, var signature] ? $"{head}.{body[..^2]}AA.{signature}" : "",
            "huge" => new string('a', 20_000),
            _ => "not.a.token",
        };
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send("/me", token)).Status);
    }

    [Fact]
    public async Task A_token_of_a_key_published_later_is_accepted_after_one_fetch_of_the_keys()
    {
        Assert.Equal(HttpStatusCode.OK, (await Send("/me", _keys.Token())).Status);
        var fetches = _keys.Fetches;
        Assert.Equal(HttpStatusCode.OK, (await Send("/me", _keys.Token("member-8"))).Status);
        Assert.Equal(fetches, _keys.Fetches);

        var rotated = _keys.AddKey("key-2");
        Assert.Equal(HttpStatusCode.OK, (await Send("/me", _keys.Token(key: rotated))).Status);
        Assert.Equal(fetches + 1, _keys.Fetches);
    }

    [Fact]
    public async Task A_withdrawn_key_opens_nothing_once_the_newer_ones_are_known()
    {
        Assert.Equal(HttpStatusCode.OK, (await Send("/me", _keys.Token())).Status);
        _keys.Withdraw(_keys.Current);
        Assert.Equal(HttpStatusCode.OK, (await Send("/me", _keys.Token(key: _keys.AddKey("key-2")))).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send("/me", _keys.Token("member-8"))).Status);
    }

    [Fact]
    public async Task A_token_that_was_good_is_checked_anew_every_five_minutes()
    {
        var token = _keys.Token();
        Assert.Equal(HttpStatusCode.OK, (await Send("/me", token)).Status);
        _keys.Withdraw(_keys.Current);
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(HttpStatusCode.Unauthorized, (await Send("/me", token)).Status);
    }

    [Fact]
    public async Task While_no_key_can_be_had_the_answer_is_503_not_401()
    {
        var away = new TestKeys { Trouble = new HttpRequestException("The members service is away.") };
        await using var service = await TestService.StartAsync(app => app.MapGet("/me", () => "ok").RequireAuthorization(), away);
        var (response, _) = await service.SendAsync(HttpMethod.Get, "/me", token: _keys.Token());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }

    [Theory, InlineData(true), InlineData(false)]
    public async Task Keys_once_known_stay_in_use_while_no_newer_ones_can_be_had(bool isSilent)
    {
        Assert.Equal(HttpStatusCode.OK, (await Send("/me", _keys.Token())).Status);
        var fetches = _keys.Fetches;
        // A time limit that has passed looks like a call that was given up.
        _keys.Trouble = isSilent ? new TaskCanceledException("No answer.", null, new CancellationToken(true)) : new HttpRequestException("Away.");

        Assert.Equal(HttpStatusCode.Unauthorized, (await Send("/me", _keys.Token(key: _keys.AddKey("key-2")))).Status);
        Assert.Equal(fetches + 1, _keys.Fetches);
        Assert.Equal(HttpStatusCode.OK, (await Send("/me", _keys.Token("member-9"))).Status);
    }

    [Fact]
    public async Task A_remembered_token_does_not_lend_its_principal_to_another()
    {
        Assert.Equal("\"member-a\"", (await Send("/me", _keys.Token("member-a"))).Body);
        Assert.Equal("\"member-b\"", (await Send("/me", _keys.Token("member-b"))).Body);
        Assert.Equal("\"member-a\"", (await Send("/me", _keys.Token("member-a"))).Body);
    }

    private async Task<(HttpStatusCode Status, string Body)> Send(string path, string? token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null) request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + token);
        using var response = await _service.Client.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, response.Content.Headers.ContentType?.MediaType == "text/plain" ? $"\"{body}\"" : body);
    }
}
