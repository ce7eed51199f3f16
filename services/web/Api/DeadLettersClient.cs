namespace DaprShop.Web.Api;

/// <summary>This service's own API, so that a page may no more than the member of staff who looks at it.</summary>
public sealed class DeadLettersClient(Caller caller)
{
    public Task<Answer<DeadLetterPage>> ListAsync(int page) =>
        caller.GetAsync<DeadLetterPage>("web", $"api/admin/dead-letters?page={page}&pageSize=20");

    public Task<Answer<ReplayedLetter>> ReplayAsync(string id) =>
        caller.SendAsync<ReplayedLetter>("web", HttpMethod.Post, $"api/admin/dead-letters/{Uri.EscapeDataString(id)}/replay");
}
