// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EscrowV2} from "./EscrowV2.sol";

/// @notice Pledges of ether per campaign; a backer may leave until the campaign has made it.
contract EscrowV1 is Ownable {
    using Address for address payable;

    struct Campaign {
        address creator;
        uint256 goal;
        uint64 deadline;
        uint256 total;
        bool paid;
        bool exported;
    }

    event CampaignCreated(uint256 indexed id, address indexed creator, uint256 goal, uint64 deadline);
    event Pledged(uint256 indexed id, address indexed backer, uint256 amount);
    event PledgeWithdrawn(uint256 indexed id, address indexed backer, uint256 amount);
    event Paid(uint256 indexed id, uint256 amount);
    event Exported(uint256 indexed id, uint256 amount);

    error NotActive(uint256 id);
    error Succeeded(uint256 id);
    error NotYours(uint256 id);

    EscrowV2 public immutable SUCCESSOR;
    uint256 public count;
    mapping(uint256 id => Campaign) public campaigns;
    mapping(uint256 id => mapping(address backer => uint256)) public pledges;

    constructor(address owner, EscrowV2 successor) Ownable(owner) {
        SUCCESSOR = successor;
    }

    modifier active(uint256 id) {
        Campaign storage campaign = campaigns[id];
        require(campaign.creator != address(0) && !campaign.paid && !campaign.exported, NotActive(id));
        _;
    }

    function create(uint256 goal, uint64 duration) external returns (uint256 id) {
        id = ++count;
        uint64 deadline = uint64(block.timestamp) + duration;
        campaigns[id] = Campaign(msg.sender, goal, deadline, 0, false, false);
        emit CampaignCreated(id, msg.sender, goal, deadline);
    }

    function pledge(uint256 id) external payable active(id) {
        campaigns[id].total += msg.value;
        pledges[id][msg.sender] += msg.value;
        emit Pledged(id, msg.sender, msg.value);
    }

    function withdrawPledge(uint256 id) external active(id) {
        Campaign storage campaign = campaigns[id];
        require(block.timestamp < campaign.deadline || campaign.total < campaign.goal, Succeeded(id));
        uint256 amount = pledges[id][msg.sender];
        pledges[id][msg.sender] = 0;
        campaign.total -= amount;
        payable(msg.sender).sendValue(amount);
        emit PledgeWithdrawn(id, msg.sender, amount);
    }

    function collect(uint256 id) external active(id) {
        Campaign storage campaign = campaigns[id];
        require(msg.sender == campaign.creator, NotYours(id));
        require(block.timestamp >= campaign.deadline && campaign.total >= campaign.goal, NotActive(id));
        campaign.paid = true;
        payable(msg.sender).sendValue(campaign.total);
        emit Paid(id, campaign.total);
    }

    /// @notice Closes a campaign here and sends it with its ether to the successor. The pledges stay to be read.
    function exportCampaign(uint256 id) external onlyOwner active(id) {
        Campaign storage campaign = campaigns[id];
        campaign.exported = true;
        SUCCESSOR.receiveCampaign{value: campaign.total}(id, campaign.creator, campaign.goal, campaign.deadline);
        emit Exported(id, campaign.total);
    }
}
